using System.Text.Json;
using AslRescue.Intake.Approvals;

namespace AslRescue.Intake.Control;

/// <summary>Preflight's decision, or what stands in for it, as an operator wants to see it.</summary>
/// <param name="Mode">local, remote or wait; null when there is no decision of this boot.</param>
/// <param name="Row">The row of the decision table that hit.</param>
/// <param name="Because">Its reason, or why there is no decision.</param>
public sealed record DecisionView(string? Mode, string? Row, string Because)
{
    /// <summary>From a decision as it stands in a journal: preflight's record, or an operator's command.</summary>
    public static DecisionView Of(byte[] record)
    {
        try
        {
            var (mode, decision) = DecisionJson.Read(record);
            return new(mode, decision.Row, decision.Because);
        }
        catch (JsonException)
        {
            return new("local", null, "the operator named the backend");
        }
    }

    /// <summary>From /run/asl, whether it can be acted on or not. Never throws: what cannot be read is a reason.</summary>
    public static DecisionView Read(IntakePaths paths, string boot)
    {
        try
        {
            var (mode, decision) = DecisionJson.Read(File.ReadAllBytes(paths.Record));
            return decision.Boot == boot
                ? new(mode, decision.Row, decision.Because)
                : new(null, null, "preflight has not run in this boot; the decision that is there was made in another one");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(null, null, $"preflight has not run: there is no {paths.Record}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(null, null, $"preflight's decision cannot be read: {failure.Message}");
        }
    }
}
