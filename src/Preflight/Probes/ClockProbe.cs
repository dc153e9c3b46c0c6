using System.Globalization;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether the clock can be right. A dead battery sets it back to 1970 or to a date of the firmware, which breaks TLS. It is held
/// against the day the decision table was issued: that day is data, so two builds of one source are the same program.
/// </summary>
internal sealed class ClockProbe : IProbe
{
    private const int YearsAhead = 30;

    public string Name => "clock";

    public TimeSpan Budget => TimeSpan.FromSeconds(10);

    public IReadOnlyList<string> Facts => [FactIds.ClockSane];

    public async Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(context.Machine.Time.GetUtcNow().UtcDateTime);
        context.Sheet.Add(await context.Issued.WaitAsync(cancellationToken) is { } issued
            ? Judge(today, issued)
            : Fact.Unknown(FactIds.ClockSane, "there is no table to hold the clock against"));
    }

    private static Fact Judge(DateOnly today, DateOnly issued)
    {
        var isSane = today >= issued && today <= issued.AddYears(YearsAhead);
        var says = string.Create(CultureInfo.InvariantCulture, $"the clock says {today:yyyy-MM-dd}, the table is of {issued:yyyy-MM-dd}");
        return new Fact(FactIds.ClockSane, isSane ? "yes" : "no", isSane ? says : says + ": set the clock", [new Evidence("read the clock")]);
    }
}
