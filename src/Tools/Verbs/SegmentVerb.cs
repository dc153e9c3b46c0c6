using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug segment NAME|FILE: header, blocks, rows and filter of a segment.</summary>
internal static class SegmentVerb
{
    private static readonly Argument<string> Name = new("SEGMENT") { Description = "a file, or the name of a segment, or the first digits of it" };

    private static readonly Option<long> From = new("--from") { Description = "the first row that is shown, from 0", HelpName = "ROW", DefaultValueFactory = _ => 0 };

    private static readonly Option<long> Limit = new("--limit") { Description = "how many rows are shown", HelpName = "N", DefaultValueFactory = _ => 20 };

    private static readonly Option<string?> Key = new("--key") { Description = "show only rows whose key starts so", HelpName = "DIGITS" };

    private static readonly Option<bool> Blocks = new("--blocks") { Description = "list all blocks of its table" };

    internal static Command Build()
    {
        var command = new Command("segment", "Shows header, blocks, rows and filter of a segment, and where it is damaged. Ends with 5 where it is.")
        {
            Name, CommonOptions.Store, From, Limit, Key, Blocks,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var prefix = parsed.GetValue(Key) ?? "";
        if (prefix.Length > 64 || !prefix.All(char.IsAsciiHexDigitLower))
        {
            throw CommonOptions.Usage($"'{prefix}' is not the beginning of a key", "give up to 64 lower-case hex digits");
        }

        using var shown = InspectedObject.Open(parsed, parsed.GetValue(Name)!, "segments");
        var segment = new InspectedSegment(shown.File);
        var (rows, survey) = Select(segment, prefix, parsed.GetValue(From), Math.Min(parsed.GetValue(Limit), 1 << 20));
        var output = new SegmentOutput(shown.File, segment, survey, rows, parsed.GetValue(Blocks));
        if (parsed.GetValue(CommonOptions.Json))
        {
            output.WriteJson();
        }
        else
        {
            output.WriteText();
        }

        return segment.Damages.Count + survey.Damages.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    /// <summary>Goes through the segment once, and keeps the rows that are to be shown.</summary>
    private static (List<InspectedRow> Rows, SegmentSurvey Survey) Select(InspectedSegment segment, string prefix, long from, long limit)
    {
        List<InspectedRow> rows = [];
        var survey = segment.Survey(row =>
        {
            if (row.Number >= from && rows.Count < limit && row.Key.ToString().StartsWith(prefix, StringComparison.Ordinal))
            {
                rows.Add(row);
            }
        });
        return (rows, survey);
    }
}
