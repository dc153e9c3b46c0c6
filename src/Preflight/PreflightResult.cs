using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight;

/// <summary>What preflight found and decided.</summary>
/// <param name="Record">The whole record.</param>
/// <param name="Findings">What is wrong with the decision table; empty when it is proved.</param>
/// <param name="IsWritten">False for a report.</param>
public sealed record PreflightResult(DecisionRecord Record, IReadOnlyList<RuleFinding> Findings, bool IsWritten)
{
    /// <summary>The decision.</summary>
    public Decision Decision => Record.Decision;

    /// <summary>The record as JSON, as it is in /run/asl/preflight.json.</summary>
    public string Json => DecisionFiles.Json(Record);

    /// <summary>For a terminal of 80 columns.</summary>
    public string Text => ResultText.Write(this);
}
