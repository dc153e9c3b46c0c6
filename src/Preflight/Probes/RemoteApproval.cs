using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether the configuration may say yes for the operator. It may when `remote.approve = true` and all that it approves of
/// (endpoint, ca, pin, proxy, sources) come from trusted origins: an approval of what anybody could have changed is none.
/// </summary>
internal static class RemoteApproval
{
    public static Fact Judge(PreflightSettings settings)
    {
        var reason = settings switch
        {
            { RemoteEndpoint: null } => "there is no endpoint to approve of",
            { RemoteApprove: not { Value: true } } => "remote.approve is not true",
            _ => Untrusted(settings.RemoteApprove, "remote.approve")
                ?? Untrusted(settings.RemoteEndpoint, "remote.endpoint")
                ?? Untrusted(settings.RemoteCa, "remote.ca")
                ?? Untrusted(settings.RemotePin, "remote.pin")
                ?? Untrusted(settings.RemoteProxy, "remote.proxy")
                ?? UntrustedSource(settings),
        };
        return reason is null
            ? new Fact(FactIds.ApprovalRemote, "config", $"remote.approve = true ({settings.RemoteApprove!.Origin})", [])
            : new Fact(FactIds.ApprovalRemote, "none", reason, []);
    }

    /// <summary>Why a value cannot be part of what configuration approves of.</summary>
    internal static string? Untrusted<T>(Setting<T>? setting, string key) =>
        setting is { IsTrusted: false } ? $"{key} comes from {setting.Origin}, which anybody may have written" : null;

    internal static string? UntrustedSource(PreflightSettings settings) =>
        Untrusted(settings.Sources.FirstOrDefault(source => !source.IsTrusted), "intake.sources");
}
