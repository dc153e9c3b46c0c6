namespace AslRescue.Shared.Configuration;

/// <summary>Who said a value. The order is the precedence, lowest first.</summary>
public enum OriginKind
{
    /// <summary>Built in.</summary>
    Default,

    /// <summary>/etc/asl/*.conf.</summary>
    File,

    /// <summary>The <c>asl:</c> scope of SystemRescue's merged YAML.</summary>
    Yaml,

    /// <summary><c>asl.KEY=VALUE</c> on the kernel command line.</summary>
    KernelCommandLine,

    /// <summary>An option of the command that runs.</summary>
    Option,
}

/// <summary>Where a value comes from; decisions record it.</summary>
/// <param name="Kind">Who said it.</param>
/// <param name="Where">"path:line:column", "path, asl.mode", "/proc/cmdline, asl.mode", "option mode", or "default".</param>
public sealed record ValueOrigin(OriginKind Kind, string Where)
{
    internal static readonly ValueOrigin Default = new(OriginKind.Default, "default");

    /// <summary>
    /// False for YAML alone: SystemRescue can fetch it without verifying who serves it (sysrescuecfg=https://… has TLS verification
    /// off), so it may be anybody's word. The kernel command line is typed or lies on the medium, as /etc/asl does.
    /// </summary>
    public bool IsTrusted => Kind != OriginKind.Yaml;

    public override string ToString() => Where;
}
