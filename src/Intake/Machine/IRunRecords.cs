using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Machine;

/// <summary>The journal of a run, as far as the gate uses it.</summary>
public interface IRunRecords
{
    /// <summary>The run.</summary>
    string Run { get; }

    /// <summary>What the journal says so far.</summary>
    RunHistory History { get; }

    /// <summary>Records something of the machine's own, and takes it into the history. Durable when it returns.</summary>
    JournalRecord Append(JournalEntry entry);
}
