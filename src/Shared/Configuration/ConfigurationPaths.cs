namespace AslRescue.Shared.Configuration;

/// <summary>
/// Where configuration lies. Every path hangs off one root, so that a machine is a folder of test data and <c>--root</c> works on
/// a mounted system. A path inside the configuration is written as that machine sees it; <see cref="OnRoot"/> finds it from here.
/// </summary>
/// <param name="root">The root of the machine meant; "/" is this one.</param>
public sealed class ConfigurationPaths(string root = "/")
{
    private const int LinksMax = 8;

    public string Root { get; } = root;

    public string AslConf => OnRoot("/etc/asl/asl.conf");

    public string FederationConf => OnRoot("/etc/asl/federation.conf");

    public string LoggingConf => OnRoot("/etc/asl/logging.conf");

    /// <summary>What SystemRescue made of its YAML files at boot.</summary>
    public string SystemRescueConfiguration => OnRoot("/etc/sysrescue/sysrescue-effective-config.json");

    public string KernelCommandLine => OnRoot("/proc/cmdline");

    /// <summary>The place, seen from here, of an absolute path of that machine.</summary>
    public string OnRoot(string absolutePath) => Root.TrimEnd('/') + absolutePath;

    /// <summary>
    /// Follows absolute links below the root. SystemRescue's effective configuration is such a link, to /run/archiso/config;
    /// left to the kernel it would lead out of another root, into the configuration of the machine that runs the program.
    /// </summary>
    internal string Followed(string path)
    {
        for (var i = 0; i < LinksMax && new FileInfo(path).LinkTarget is ['/', ..] target; i++)
        {
            path = OnRoot(target);
        }

        return path;
    }
}
