using System.Globalization;
using AslRescue.Intake.Imaging;
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
    private const string ImageStarted = "image-started";
    private int _checkpoints;

    /// <summary>How a run began: enough to go on with it, on any machine that sees the sources.</summary>
    internal sealed record Beginning(IngestOptions Options, FileTimeText Started, long BaseSeal, IReadOnlyList<Digest?> Parents);

    /// <summary>What a journal tells of a run that was interrupted.</summary>
    /// <param name="Beginning">How it began.</param>
    /// <param name="Blocks">Its sealed blocks, in order.</param>
    /// <param name="Checkpoints">Its checkpoint objects, in order.</param>
    /// <param name="Images">How its images began, once for each boot that read.</param>
    /// <param name="Sealing">The sealing record, when it was being sealed.</param>
    /// <param name="Draft">The draft that goes with it.</param>
    internal sealed record Progress(
        Beginning Beginning, IReadOnlyList<Digest> Blocks, IReadOnlyList<(string Name, Digest Digest)> Checkpoints, IReadOnlyList<ImageBegun> Images,
        JournalRecord? Sealing, byte[]? Draft);

    /// <summary>What an image was when its reading began in a boot.</summary>
    internal sealed record ImageBegun(int Source, string Boot, string Text, long? Written, Digest? Parent, string? Why)
    {
        internal static ImageBegun Of(int source, SnapshotImage facts, string boot, long? written, Digest? parent, string? why) =>
            new(source, boot, Describe(facts), written, parent, why);

        /// <summary>Whether the image is still the one that it began with.</summary>
        internal bool IsSame(SnapshotImage facts) => Text == Describe(facts);

        private static string Describe(SnapshotImage facts) => string.Create(CultureInfo.InvariantCulture,
            $"{facts.Size} bytes from {facts.Start}, model {facts.Model ?? "-"}, serial {facts.Serial ?? "-"}, wwn {facts.WorldWideName ?? "-"}");
    }

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
            .. ImageFields(beginning.Options.Image),
        ],
    });

    /// <summary>Records how an image begins.</summary>
    internal void RecordImage(ImageBegun image) => writer.Append(new JournalEntry(ImageStarted)
    {
        Fields =
        [
            new("source", (long)image.Source),
            new("device", image.Text),
            new("written", image.Written ?? -1L),
            new("parent", image.Parent?.ToString() ?? ""),
            new("why", image.Why ?? ""),
        ],
    });

    /// <summary>Records a sealed block, or none, and stores the checkpoint that goes with it first; gives the checkpoint's name.</summary>
    internal (string Name, Digest Digest)? RecordBlock(AddedBlock? block, byte[]? mark)
    {
        List<KeyValuePair<string, object>> fields = [new("blocks", block is null ? Array.Empty<string>() : [block.Name.ToString()])];
        (string Name, Digest Digest)? stored = null;
        if (mark is not null)
        {
            // The digest in the name: a run that was resumed may write another checkpoint of the same number.
            var name = string.Create(CultureInfo.InvariantCulture, $"checkpoint-{++_checkpoints:D6}-{Digest.Of(mark).Short}");
            stored = (name, log.Put(name, mark));
            fields.Add(new("checkpoint", name));
            fields.Add(new("digest", stored.Value.Digest));
        }

        writer.Append(new JournalEntry(Checkpoint) { Fields = fields });
        return stored;
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
            ReadStart(log, start),
            [.. checkpoints.SelectMany(record => record.Texts("blocks")).Select(name => Digest.Parse(name))],
            [.. checkpoints.Where(record => record.Text("checkpoint") is not null).Select(record => (record.Text("checkpoint")!, Digest.Parse(record.Text("digest"))))],
            [.. records.Where(record => record.Kind == ImageStarted).Select(ReadImage)],
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
        log.ReadJournal().FirstOrDefault(record => record.Kind == Started) is { } start ? ReadStart(log, start).Options : null;

    /// <summary>The parts of files in the checkpoints of a run, in walk order, read as they are asked for.</summary>
    internal IEnumerable<CheckpointPart> ReadParts(Progress progress) =>
        progress.Checkpoints.SelectMany(checkpoint => CheckpointPart.ReadAll(log.Get(checkpoint.Name, checkpoint.Digest)));

    private static ImageBegun ReadImage(JournalRecord record) => new(
        (int)(record.Number("source") ?? 0), record.Boot, record.Text("device") ?? "",
        record.Number("written") is >= 0 and var written ? written : null,
        Digest.TryParse(record.Text("parent"), out var parent) ? parent : null,
        NullIfEmpty(record.Text("why")));

    private KeyValuePair<string, object>[] ImageFields(ImageOptions image)
    {
        var name = image.Mapfile is { } text ? $"mapfile-{Digest.Of(text).ToString()[..16]}" : "";
        return
        [
            new("files-are-images", image.FilesAreImages),
            new("retries", (long)image.Retries),
            new("scrape", image.Scrape),
            new("reverse", image.Reverse),
            new("time-budget", (long)(image.Budget?.TotalMilliseconds ?? -1)),
            new("image-hash", image.Hash),
            new("mapfile", name),
            new("mapfile-digest", image.Mapfile is null ? "" : log.Put(name, image.Mapfile).ToString()),
        ];
    }

    /// <summary>Journals of earlier versions say nothing of images: then the defaults hold.</summary>
    private static ImageOptions ReadImageOptions(RunLog log, JournalRecord record) => record.Number("retries") is not { } retries
        ? new()
        : new ImageOptions
        {
            FilesAreImages = record.Line.GetProperty("files-are-images").GetBoolean(),
            Retries = (int)retries,
            Scrape = record.Line.GetProperty("scrape").GetBoolean(),
            Reverse = record.Line.GetProperty("reverse").GetBoolean(),
            Budget = record.Number("time-budget") is >= 0 and var budget ? TimeSpan.FromMilliseconds(budget) : null,
            Hash = record.Line.GetProperty("image-hash").GetBoolean(),
            Mapfile = NullIfEmpty(record.Text("mapfile")) is { } name ? log.Get(name, Digest.Parse(record.Text("mapfile-digest"))) : null,
        };

    private static Beginning ReadStart(RunLog log, JournalRecord record) => new(
        new IngestOptions
        {
            Domain = record.Text("domain") ?? "",
            Sources = record.Texts("sources"),
            OneFileSystem = record.Line.GetProperty("one-file-system").GetBoolean(),
            Rehash = record.Line.GetProperty("rehash").GetBoolean(),
            Case = new(NullIfEmpty(record.Text("case")), NullIfEmpty(record.Text("examiner")), NullIfEmpty(record.Text("note"))),
            Program = record.Text("program") ?? "",
            Image = ReadImageOptions(log, record),
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
