using System.Text;
using AslRescue.Intake.Approvals;

namespace AslRescue.Intake.Tests.Fakes;

internal sealed class FakeDecisions(string boot) : IDecisionSource
{
    public DecisionReading Reading { get; set; } = new(Local(boot), "");

    public DecisionReading Read() => Reading;

    public static Decision Local(string boot, string because = "a directory is configured", PoolIdentity? pool = null) => new()
    {
        Mode = DecidedMode.Local,
        Because = because,
        Row = "L1",
        Boot = boot,
        Pool = pool,
        Record = Encoding.UTF8.GetBytes($"{{\"boot\":\"{boot}\",\"because\":\"{because}\"}}"),
        Table = "table"u8.ToArray(),
    };

    public static Decision Remote(string boot) => Local(boot, "the endpoint answers") with { Mode = DecidedMode.Remote };
}
