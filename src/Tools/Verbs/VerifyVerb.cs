using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Checking;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin verify [ID] [--data]: is everything there that was sealed, byte for byte; of the whole store, or of one snapshot?</summary>
internal static class VerifyVerb
{
    private static readonly Argument<string?> Snapshot = new("ID")
    {
        Description = "one snapshot: its name, or the first digits of it, or 'latest'; without it, the whole store",
        Arity = ArgumentArity.ZeroOrOne,
        Validators =
        {
            result =>
            {
                // Of an option that is not known the parser would make the snapshot's name.
                if (result.Tokens is [{ Value: ['-', ..] and var option }])
                {
                    result.AddError($"Unrecognized command or argument '{option}'");
                }
            },
        },
    };

    private static readonly Option<bool> Data = new("--data") { Description = "read every block, decompress and hash every artifact" };

    internal static Command Build()
    {
        var command = new Command("verify", "Checks logs, snapshots, segments, blocks and trees; writes nothing.")
        {
            Snapshot, CommonOptions.Store, Data, CommonOptions.Workers,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var withData = parsed.GetValue(Data);
        var report = parsed.GetValue(Snapshot) is { } id ? CheckOne(store, id, withData) : CheckAll(store, withData, Math.Clamp(parsed.GetValue(CommonOptions.Workers), 1, 64));
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

    private static VerifyReport CheckAll(ArtifactStore store, bool withData, int workers)
    {
        var verifier = new StoreVerifier(store, withData);
        using var progress = new ProgressLine(() => $"verifying: {verifier.BlocksDone:N0} of {verifier.BlocksAll:N0} blocks");
        return verifier.Run(workers, Edge.Stopped);
    }

    /// <summary>What lies below one snapshot, seen from it: a server gives whoever asks nothing else.</summary>
    private static VerifyReport CheckOne(ArtifactStore store, string id, bool withData)
    {
        var name = store.Find(id).Name;
        using var verifier = new SnapshotVerifier(store.Below(name).Backend, name, withData);
        using (new ProgressLine(() => $"verifying: {verifier.Blocks:N0} of {verifier.BlocksAll:N0} blocks"))
        {
            while (verifier.Step())
            {
                Edge.Stopped.ThrowIfCancellationRequested();
            }
        }

        var unlisted = verifier.FindingCount - verifier.Findings.Count;
        return new VerifyReport
        {
            Errors = verifier.Findings,
            Notes = unlisted > 0 ? [$"{Quantity.Count(unlisted, "finding", "findings")} more of this snapshot"] : [],
            Snapshots = 1,
            Blocks = (int)verifier.Blocks,
            Segments = (int)verifier.Segments,
            Artifacts = verifier.Artifacts,
            DataBytes = verifier.DataBytes,
        };
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
        writer.WriteTexts("notes", report.Notes);
        writer.WriteEndObject();
    });
}
