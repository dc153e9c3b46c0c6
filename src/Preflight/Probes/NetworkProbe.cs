using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Network;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// The network, layer by layer. At boot a carrier and a lease take their time, so the probe waits for them, but only where the
/// endpoint could matter: two seconds for a link, twenty for an address, both with the rest of the run. A recorded machine does not
/// change: it is looked at once.
/// </summary>
internal sealed class NetworkProbe : IProbe
{
    private static readonly TimeSpan LinkBudget = TimeSpan.FromSeconds(1.7);
    private static readonly TimeSpan AddressBudget = TimeSpan.FromSeconds(18);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public string Name => "network";

    public TimeSpan Budget => TimeSpan.FromSeconds(29);

    public IReadOnlyList<string> Facts =>
    [
        FactIds.NetLink, FactIds.NetAddress, FactIds.NetRoute, FactIds.NetDns, FactIds.NetTcp, FactIds.NetTls, FactIds.NetHttp,
    ];

    public async Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var (machine, sheet) = (context.Machine, context.Sheet);
        var endpoint = context.Settings.RemoteEndpoint is { } set ? new Uri(set.Value) : null;
        var isPatient = endpoint is not null && !machine.IsRecorded && context.Settings.Mode.Value != "local";

        var link = await AwaitAsync(machine, isPatient ? LinkBudget : TimeSpan.Zero, LinkFacts.Link, cancellationToken);
        sheet.Add(link);
        var hasLink = link.Value != "no";
        var address = await AwaitAsync(
            machine, isPatient && hasLink ? AddressBudget : TimeSpan.Zero, LinkFacts.Address, cancellationToken);
        sheet.Add(address);
        sheet.Add(LinkFacts.Route(machine));

        // Without a link or an address there is nothing to ask, except on this machine itself.
        if (endpoint is not null && ((hasLink && address.Value != "no") || endpoint.IsLoopback))
        {
            await machine.Endpoint.DialAsync(BelowRoot(machine, context.Settings), endpoint, sheet, cancellationToken);
        }

        NotReached(sheet, endpoint is null ? "remote.endpoint is not set" : "not reached: a layer below does not hold");
    }

    private static PreflightSettings BelowRoot(Machine machine, PreflightSettings settings) =>
        settings with { RemoteCa = settings.RemoteCa is { } ca ? ca with { Value = machine.AslPath(ca.Value) } : null };

    private void NotReached(FactSheet sheet, string why)
    {
        foreach (var fact in Facts)
        {
            sheet.Add(Fact.Unknown(fact, why));
        }
    }

    /// <summary>Looks until the answer is yes or the patience is over; the last answer counts.</summary>
    private static async Task<Fact> AwaitAsync(
        Machine machine, TimeSpan patience, Func<Machine, Fact> look, CancellationToken cancellationToken)
    {
        var began = machine.Time.GetTimestamp();
        var fact = look(machine);
        while (fact.Value != "yes" && machine.Time.GetElapsedTime(began) + Pause <= patience)
        {
            await Task.Delay(Pause, machine.Time, cancellationToken);
            fact = look(machine);
        }

        return fact;
    }
}
