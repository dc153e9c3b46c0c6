using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Probes;

/// <summary>The facts that the configuration alone decides. When it cannot be used, all of them are unknown.</summary>
internal sealed class ConfigurationProbe : IProbe
{
    public string Name => "configuration";

    public TimeSpan Budget => TimeSpan.FromSeconds(1);

    public IReadOnlyList<string> Facts =>
        [FactIds.ConfigMode, FactIds.ConfigSources, FactIds.LocalKind, FactIds.RemoteEndpoint, FactIds.ApprovalRemote];

    public Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var settings = context.Settings;
        if (settings.Problem is { } problem)
        {
            foreach (var fact in Facts)
            {
                context.Sheet.Add(Fact.Unknown(fact, $"{problem.What} ({problem.Where ?? problem.CodeText})"));
            }

            return Task.CompletedTask;
        }

        context.Sheet.Add(Stated(FactIds.ConfigMode, settings.Mode));
        context.Sheet.Add(Stated(FactIds.LocalKind, settings.LocalKind));
        context.Sheet.Add(Sources(settings));
        context.Sheet.Add(settings.RemoteEndpoint is { } endpoint
            ? new Fact(FactIds.RemoteEndpoint, "set", $"{PreflightSettings.WithoutSecret(endpoint.Value)} ({endpoint.Origin})", [])
            : new Fact(FactIds.RemoteEndpoint, "unset", "remote.endpoint is not set", []));
        context.Sheet.Add(RemoteApproval.Judge(settings));
        return Task.CompletedTask;
    }

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
