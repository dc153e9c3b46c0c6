using System.Globalization;
using AslRescue.Intake.Machine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// What an ingest writes into its run's journal and reads back after an interruption: how it began, what is sealed so far, and
/// that it is being sealed. Records of other kinds may stand between these.
/// </summary>
/// <param name="log">The run's folder in the backend.</param>
/// <param name="writer">Appends to the journal.</param>
/// <param name="ownsChain">Whether nobody else appends: then the writer is set behind what the backend holds.</param>
internal sealed class RunJournal(RunLog log, JournalWriter writer, bool ownsChain)
{
    private const string Started = "run-started";
    private const string Checkpoint = "checkpoint";
    private const string Sealing = "sealing";
    private int _checkpoints;

    /// <summary>How a run began: enough to go on with it, on any machine that sees the sources.</summary>
    internal sealed record Beginning(IngestOptions Options, FileTimeText Started, long BaseSeal, IReadOnlyList<Digest?> Parents);

    /// <summary>What a journal tells of a run that was interrupted.</summary>
    internal sealed record Progress(Beginning Beginning, IReadOnlyList<Digest> Blocks, IReadOnlyList<CheckpointPart> Parts, JournalRecord? Sealing, byte[]? Draft);

    internal void RecordStart(Beginning beginning, StoreFormat format) => writer.Append(new JournalEntry(Started)
    {
        Fields =
        [
            new("domain", beginning.Options.Domain),
            new("sources", beginning.Options.Sources),
            new("started", beginning.Started.Text),
            new("base", beginning.BaseSeal),
            new("parents", beginning.Parents.Select(parent => parent?.ToString() ?? "")),
            new("one-file-system", beginning.Options.OneFileSystem),
            new("rehash", beginning.Options.Rehash),
            new("case", beginning.Options.Case.Case ?? ""),
            new("examiner", beginning.Options.Case.Examiner ?? ""),
            new("note", beginning.Options.Case.Note ?? ""),
            new("program", beginning.Options.Program),
            new("format", format.Digest),
        ],
    });

    /// <summary>Records a sealed block, and stores the checkpoint that goes with it first.</summary>
    internal void RecordBlock(SealedBlock block)
    {
        List<KeyValuePair<string, object>> fields = [new("blocks", new[] { block.Block.Name.ToString() })];
        if (block.Mark is { } mark)
        {
            // The digest in the name: a run that was resumed may write another checkpoint of the same number.
            var name = string.Create(CultureInfo.InvariantCulture, $"checkpoint-{++_checkpoints:D6}-{Digest.Of(mark).Short}");
            fields.Add(new("checkpoint", name));
            fields.Add(new("digest", log.Put(name, mark)));
        }

        writer.Append(new JournalEntry(Checkpoint) { Fields = fields });
    }

    internal JournalRecord RecordSealing(Digest root, byte[] draft)
    {
        var name = $"draft-{Digest.Of(draft).ToString()[..16]}";
        return writer.Append(new JournalEntry(Sealing)
        {
            Fields = [new("root", root), new("draft", name), new("digest", log.Put(name, draft))],
        });
    }

    /// <summary>Reads what is there and lets the journal go on behind it; null when the run has no beginning.</summary>
    internal Progress? Read()
    {
        var records = log.ReadJournal();
        if (records.FirstOrDefault(record => record.Kind == Started) is not { } start)
        {
            return null;
        }

        if (ownsChain)
        {
            writer.ContinueAfter(records[^1]);
        }

        var checkpoints = records.Where(record => record.Kind == Checkpoint).ToList();
        _checkpoints = checkpoints.Count;
        var sealing = records.LastOrDefault(record => record.Kind == Sealing);
        return new(
            ReadStart(start),
            [.. checkpoints.SelectMany(record => record.Texts("blocks")).Select(name => Digest.Parse(name))],
            [.. checkpoints.Where(record => record.Text("checkpoint") is not null).SelectMany(ReadParts)],
            sealing,
            sealing is null ? null : log.Get(sealing.Text("draft") ?? "", Digest.Parse(sealing.Text("digest"))));
    }

    /// <summary>
    /// Whether a run began to read and may go on: one that was cancelled or given up for good does not. One whose journal is damaged
    /// counts: whoever resumes it is told.
    /// </summary>
    internal static bool CanGoOn(RunLog log)
    {
        try
        {
            var records = log.ReadJournal();
            return records.Any(record => record.Kind == Started)
                && records.LastOrDefault(record => record.Kind == RecordKinds.Transition)?.Text("to") != nameof(IntakeState.Halted);
        }
        catch (AslException)
        {
            return true;
        }
    }

    /// <summary>What a run was begun with; null when it never began to read.</summary>
    internal static IngestOptions? OptionsOf(RunLog log) =>
        log.ReadJournal().FirstOrDefault(record => record.Kind == Started) is { } start ? ReadStart(start).Options : null;

    private IEnumerable<CheckpointPart> ReadParts(JournalRecord record)
    {
        var reader = CborExtensions.NewReader(log.Get(record.Text("checkpoint")!, Digest.Parse(record.Text("digest"))));
        while (reader.BytesRemaining > 0)
        {
            yield return CheckpointPart.Read(reader);
        }
    }

    private static Beginning ReadStart(JournalRecord record) => new(
        new IngestOptions
        {
            Domain = record.Text("domain") ?? "",
            Sources = record.Texts("sources"),
            OneFileSystem = record.Line.GetProperty("one-file-system").GetBoolean(),
            Rehash = record.Line.GetProperty("rehash").GetBoolean(),
            Case = new(NullIfEmpty(record.Text("case")), NullIfEmpty(record.Text("examiner")), NullIfEmpty(record.Text("note"))),
            Program = record.Text("program") ?? "",
        },
        new FileTimeText(record.Text("started") ?? ""),
        record.Number("base") ?? 0,
        [.. record.Texts("parents").Select(text => Digest.TryParse(text, out var parent) ? parent : (Digest?)null)]);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>A time as a journal keeps it.</summary>
internal readonly record struct FileTimeText(string Text)
{
    internal static FileTimeText Of(DateTimeOffset time) => new(time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    internal Shared.Interop.FileTime Time =>
        Shared.Interop.FileTime.From(DateTimeOffset.Parse(Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
}
