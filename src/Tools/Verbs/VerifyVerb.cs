using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin verify [--data]: is everything there that was sealed, byte for byte?</summary>
internal static class VerifyVerb
{
    private static readonly Option<bool> Data = new("--data") { Description = "read every block, decompress and hash every artifact" };

    internal static Command Build()
    {
        var command = new Command("verify", "Checks logs, snapshots, segments, blocks and trees; writes nothing.")
        {
            CommonOptions.Store, Data, CommonOptions.Workers,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var withData = parsed.GetValue(Data);
        var verifier = new StoreVerifier(store, withData);
        VerifyReport report;
        using (new ProgressLine(() => $"verifying: {verifier.BlocksDone:N0} of {verifier.BlocksAll:N0} blocks"))
        {
            report = verifier.Run(Math.Clamp(parsed.GetValue(CommonOptions.Workers), 1, 64), Edge.Stopped);
        }

        var hints = Hints.Of(parsed);
        report = report with { Errors = [.. report.Errors.Select(hints.In)] };
        if (parsed.GetValue(CommonOptions.Json))
        {
            WriteJson(report);
        }
        else
        {
            WriteText(report, withData);
        }

        return report.Errors.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    private static void WriteText(VerifyReport report, bool withData)
    {
        foreach (var error in report.Errors)
        {
            Console.Error.WriteLine(error);
        }

        foreach (var note in report.Notes)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        var read = withData ? $", {Quantity.Bytes(report.DataBytes)} read and hashed" : "; footers and listings only, --data reads everything";
        Console.WriteLine($"{Quantity.Count(report.Snapshots, "snapshot", "snapshots")}, {Quantity.Count(report.Segments, "segment", "segments")}, "
            + $"{Quantity.Count(report.Blocks, "block", "blocks")}, {Quantity.Count(report.Artifacts, "artifact", "artifacts")}{read}");
        Console.WriteLine(report.Errors.Count == 0 ? "no damage" : $"damaged: {Quantity.Count(report.Errors.Count, "error", "errors")}");
    }

    private static void WriteJson(VerifyReport report) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("snapshots", report.Snapshots);
        writer.WriteNumber("segments", report.Segments);
        writer.WriteNumber("blocks", report.Blocks);
        writer.WriteNumber("artifacts", report.Artifacts);
        writer.WriteNumber("dataBytes", report.DataBytes);
        writer.WriteStartArray("errors");
        foreach (var error in report.Errors)
        {
            writer.WriteStartObject();
            writer.WriteString("code", error.CodeText);
            writer.WriteString("what", error.What);
            writer.WriteString("where", error.Where);
            writer.WriteString("why", error.Why);
            writer.WriteString("fix", error.Fix);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("notes");
        foreach (var note in report.Notes)
        {
            writer.WriteStringValue(note);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
