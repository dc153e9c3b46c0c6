using AslRescue.Intake.Machine;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>What an auditor does with a journal: every transition against the contract, from nothing but the records.</summary>
internal static class Audit
{
    public static void Replay(IReadOnlyList<JournalRecord> records, Contract contract)
    {
        var (state, known) = (IntakeStates.Initial, new HashSet<string>());
        foreach (var record in records)
        {
            if (record.Kind == RecordKinds.Evidence && record.Number("part") == record.Number("parts"))
            {
                known.Add($"{record.Text("name")}:{record.Text("sha256")}");
            }

            if (record.Kind == RecordKinds.Transition)
            {
                state = Step(record, state, known, contract);
            }
        }
    }

    public static IReadOnlyList<string> Triggers(IReadOnlyList<JournalRecord> records) =>
        [.. records.Where(record => record.Kind == RecordKinds.Transition).Select(record => record.Text("trigger")!)];

    private static IntakeState Step(JournalRecord record, IntakeState state, HashSet<string> known, Contract contract)
    {
        Assert.Equal(state.ToString(), record.Text("from"));
        Assert.True(IntakeTriggers.TryParse(record.Text("trigger"), out var trigger));
        Assert.All(record.Texts("evidence"), evidence => Assert.Contains(evidence, known));
        string[] names = [.. record.Texts("evidence").Select(evidence => evidence.Split(':')[0])];
        var allowed = Assert.IsType<Verdict.Allowed>(contract.Check(state, trigger, names));
        Assert.Equal(allowed.Clause, record.Text("clause"));
        Assert.Equal(allowed.To.ToString(), record.Text("to"));
        Assert.NotEqual("", record.Text("reason"));
        return allowed.To;
    }
}
