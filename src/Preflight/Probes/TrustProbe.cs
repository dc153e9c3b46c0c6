using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Probes;

/// <summary>What the overlay promises for remote work: certificates to verify with, and tools for the operator.</summary>
internal sealed class TrustProbe : IProbe
{
    private static readonly string[] Bundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt"];

    public string Name => "trust";

    public TimeSpan Budget => TimeSpan.FromSeconds(3);

    public IReadOnlyList<string> Facts => [FactIds.TlsRoots, FactIds.NetTools];

    public Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        context.Sheet.Add(ProgramFact.Of(FactIds.NetTools, context.Machine, "ip", "curl"));
        context.Sheet.Add(Roots(context.Settings, context.Machine));
        return Task.CompletedTask;
    }

    private static Fact Roots(PreflightSettings settings, Machine machine)
    {
        // remote.ca is instead of the system's bundle, not beside it.
        List<FileAnswer> files = settings.RemoteCa is { } ca ? [machine.ReadAsl(ca.Value)] : [.. Bundles.Select(machine.ReadHostHead)];
        var evidence = files.Select(file => file.Evidence with { Lines = [] }).ToList();
        var good = files.Find(file => file.Text?.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) == true);
        return good is not null ? new Fact(FactIds.TlsRoots, "yes", good.Path, evidence)
            : files.Find(file => file.Cause is not null) is { } unread ? Fact.Unknown(FactIds.TlsRoots, unread.Cause!, evidence)
            : new Fact(FactIds.TlsRoots, "no", "no certificates in " + string.Join(", ", files.Select(file => file.Path)), evidence);
    }
}
