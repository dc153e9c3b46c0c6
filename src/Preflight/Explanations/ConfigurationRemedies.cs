using AslRescue.Preflight.Facts;
using static AslRescue.Preflight.Explanations.Remedies;

namespace AslRescue.Preflight.Explanations;

/// <summary>Facts that the configuration decides.</summary>
internal static class ConfigurationRemedies
{
    public static IReadOnlyList<Remedy> All { get; } =
    [
        Line(FactIds.ConfigMode, "auto", "mode", "\"auto\""),
        Line(FactIds.ConfigMode, "local", "mode", "\"local\""),
        Line(FactIds.ConfigMode, "remote", "mode", "\"remote\""),
        Line(FactIds.ConfigSources, "trusted", "intake.sources", "[\"/dev/DISK\"]"),
        Never(FactIds.ConfigSources, "untrusted", "only SystemRescue's YAML leads there, and it is nobody's word"),
        TakeOut(FactIds.ConfigSources, "none", "intake.sources"),
        Line(FactIds.LocalKind, "zfs", "local.kind", "\"zfs\""),
        Line(FactIds.LocalKind, "directory", "local.kind", "\"directory\""),
        Line(FactIds.ApprovalLocal, "config", "local.approve-import", "\"{approve}\""),
        TakeOut(FactIds.ApprovalLocal, "none", "local.approve-import"),
        Line(FactIds.RemoteEndpoint, "set", "remote.endpoint", "\"https://HOST\""),
        TakeOut(FactIds.RemoteEndpoint, "unset", "remote.endpoint"),
        Line(FactIds.ApprovalRemote, "config", "remote.approve", "true"),
        TakeOut(FactIds.ApprovalRemote, "none", "remote.approve"),
    ];
}
