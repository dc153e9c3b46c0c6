using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// The facts that the configuration alone decides: no probe, as there is nothing to wait for. When it cannot be used, all of them
/// are unknown, but for the approval: a configuration that cannot be used approves of nothing.
/// </summary>
internal static class ConfigurationFacts
{
    public static IEnumerable<Fact> Of(PreflightSettings settings) =>
        settings.Problem is { } problem ? Unusable($"{problem.What} ({problem.Where ?? problem.CodeText})") : Usable(settings);

    private static IEnumerable<Fact> Unusable(string cause) =>
    [
        Fact.Unknown(FactIds.ConfigMode, cause),
        Fact.Unknown(FactIds.LocalKind, cause),
        Fact.Unknown(FactIds.ConfigSources, cause),
        Fact.Unknown(FactIds.RemoteEndpoint, cause),
        new(FactIds.ApprovalRemote, "none", cause, []),
    ];

    private static IEnumerable<Fact> Usable(PreflightSettings settings) =>
    [
        Stated(FactIds.ConfigMode, settings.Mode),
        Stated(FactIds.LocalKind, settings.LocalKind),
        Sources(settings),
        settings.RemoteEndpoint is { } endpoint
            ? new Fact(FactIds.RemoteEndpoint, "set", $"{PreflightSettings.WithoutSecret(endpoint.Value)} ({endpoint.Origin})", [])
            : new Fact(FactIds.RemoteEndpoint, "unset", "remote.endpoint is not set", []),
        RemoteApproval.Judge(settings),
    ];

    private static Fact Stated(string id, Setting<string> setting) =>
        FactCatalog.Find(id)!.IndexOf(setting.Value) >= 0
            ? new Fact(id, setting.Value, $"{setting.Value} ({setting.Origin})", [])
            : Fact.Unknown(id, $"{setting.Value} ({setting.Origin}) is no value of it");

    private static Fact Sources(PreflightSettings settings) =>
        (settings.Sources.Count, settings.Sources.FirstOrDefault(source => !source.IsTrusted)) switch
        {
            (0, _) => new Fact(FactIds.ConfigSources, "none", "intake.sources is not set: the operator adds them", []),
            (_, { } source) => new Fact(FactIds.ConfigSources, "untrusted", $"{source.Value} comes from {source.Origin}", []),
            var (count, _) => new Fact(FactIds.ConfigSources, "trusted", $"{count} source(s) from trusted configuration", []),
        };
}
