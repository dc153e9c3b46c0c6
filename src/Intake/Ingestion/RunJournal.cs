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
    /// <summary>The record behind which only the seal is missing.</summary>
    internal const string Sealing = "sealing";
    private const string ImageStarted = "image-started";
    private int _checkpoints;

    /// <summary>How a run began: enough to go on with it, on any machine that sees the sources.</summary>
    internal sealed record Beginning(IngestOptions Options, FileTimeText Started, long BaseSeal, IReadOnlyList<Digest?> Parents)
    {
        /// <summary>For each source what tells its tree from others (<see cref="Sources.TreeIdentity"/>); nothing for images, and in journals of earlier versions.</summary>
        internal IReadOnlyList<string> Trees { get; init; } = [];

        /// <summary>Why the tree under a source's path is another one; null when nothing speaks against it.</summary>
        internal string? WhyOtherTree(int source, string now) => source < Trees.Count ? Sources.TreeIdentity.WhyOther(Trees[source], now) : null;
    }

    /// <summary>What a journal tells of a run that was interrupted.</summary>
    /// <param name="Beginning">How it began.</param>
    /// <param name="Blocks">Its sealed blocks, in order.</param>
    /// <param name="Checkpoints">Its checkpoint objects, in order.</param>
    /// <param name="Images">How its images began, once for each time that the device was there to be read.</param>
    /// <param name="Sealing">The sealing record, when it was being sealed.</param>
    /// <param name="Draft">The draft that goes with it.</param>
    internal sealed record Progress(
        Beginning Beginning, IReadOnlyList<Digest> Blocks, IReadOnlyList<(string Name, Digest Digest)> Checkpoints, IReadOnlyList<ImageBegun> Images,
        JournalRecord? Sealing, byte[]? Draft);

    /// <summary>What an image was when its reading began in a boot, or when its disk had been plugged in anew.</summary>
    internal sealed record ImageBegun(int Source, string Boot, string Text, long? Written, Digest? Parent, string? Why)
    {
        /// <summary>The kernel's number for the device since it was plugged in: with another one the write counter began anew. Null where it has none.</summary>
        internal long? Appearance { get; init; }

        /// <summary>The write counter when the last checkpoint of what was read then was written; null when there is none.</summary>
        internal long? WrittenLast { get; init; }

        /// <summary>What was known of it, for a snapshot that is sealed when it is lost. Journals of earlier versions have its size and where it starts only.</summary>
        internal SnapshotImage? Facts { get; init; }

        /// <summary>Whether it is an image file, and no device.</summary>
        internal bool IsFile => Text.Contains(", inode ", StringComparison.Ordinal);

        /// <summary>Whether the write counter has gone on since, so that it tells of each write.</summary>
        internal bool IsCounted(string boot, long? appearance) => Boot == boot && (Appearance is null || appearance is null || Appearance == appearance);

        internal static ImageBegun Of(int source, SnapshotImage facts, ImageDevice device, string boot, long? written, Digest? parent, string? why) =>
            new(source, boot, Describe(facts, device), written, parent, why) { Facts = facts };

        /// <summary>The first words of <see cref="Text"/>, which earlier versions wrote too.</summary>
        internal static SnapshotImage? FactsOf(string text) => text.Split(' ') is [var size, "bytes", "from", var start, ..]
            && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            && long.TryParse(start.TrimEnd(','), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            ? new() { Size = bytes, Start = first, LogicalSector = 512, PhysicalSector = 512 }
            : null;

        /// <summary>Whether the image is still the one that it began with: a file also has the times that it had, or half of it would be another's.</summary>
        internal bool IsSame(SnapshotImage facts, ImageDevice device) => Text == Describe(facts, device);

        private static string Describe(SnapshotImage facts, ImageDevice device)
        {
            var file = device.IsBlockDevice ? "" : string.Create(CultureInfo.InvariantCulture, $", inode {device.Status.Inode}, changed {device.Status.ChangeTime.Seconds}.{device.Status.ChangeTime.Nanoseconds:D9}");
            return string.Create(CultureInfo.InvariantCulture,
                $"{facts.Size} bytes from {facts.Start}, model {facts.Model ?? "-"}, serial {facts.Serial ?? "-"}, wwn {facts.WorldWideName ?? "-"}{file}");
        }
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
            new("trees", beginning.Trees),
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
            new("appearance", image.Appearance ?? -1L),
            new("parent", image.Parent?.ToString() ?? ""),
            new("why", image.Why ?? ""),
            .. image.Facts is { } facts ? FactFields(facts) : [],
        ],
    });

    private static KeyValuePair<string, object>[] FactFields(SnapshotImage facts) =>
    [
        new("logical-sector", (long)facts.LogicalSector),
        new("physical-sector", (long)facts.PhysicalSector),
        new("read-only", facts.IsReadOnly),
        new("model", facts.Model ?? ""),
        new("serial", facts.Serial ?? ""),
        new("wwn", facts.WorldWideName ?? ""),
    ];

    /// <summary>Records a sealed block, or none, and stores the checkpoint that goes with it first; gives the checkpoint's name.</summary>
    /// <param name="block">The block.</param>
    /// <param name="mark">The checkpoint object.</param>
    /// <param name="counters">The write counters of sources that have one, read after all that the checkpoint tells of.</param>
    internal (string Name, Digest Digest)? RecordBlock(AddedBlock? block, byte[]? mark, IReadOnlyList<(int Source, long Written)> counters)
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

        if (counters.Count > 0)
        {
            fields.Add(new("counters", counters.Select(counter => string.Create(CultureInfo.InvariantCulture, $"{counter.Source} {counter.Written}"))));
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
    /// <exception cref="AslException">LogCorrupt: it is damaged; or it is whole, and holds what no ingest writes.</exception>
    internal Progress? Read() => Written(ReadProgress);

    private Progress? ReadProgress()
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

        _checkpoints = records.Count(record => record.Kind == Checkpoint);
        return ReadProgress(log, records, start);
    }

    /// <summary>What is there, for whoever only looks; null when the run has no beginning.</summary>
    /// <exception cref="AslException">As <see cref="Read"/>.</exception>
    internal static Progress? Peek(RunLog log) => Written(() =>
        log.ReadJournal() is var records && records.FirstOrDefault(record => record.Kind == Started) is { } start ? ReadProgress(log, records, start) : null);

    private static Progress ReadProgress(RunLog log, IReadOnlyList<JournalRecord> records, JournalRecord start)
    {
        var checkpoints = records.Where(record => record.Kind == Checkpoint).ToList();
        var sealing = records.LastOrDefault(record => record.Kind == Sealing);
        return new(
            ReadStart(log, start),
            [.. checkpoints.SelectMany(record => record.Texts("blocks")).Select(name => Digest.Parse(name))],
            [.. checkpoints.Where(record => record.Text("checkpoint") is not null).Select(record => (record.Text("checkpoint")!, Digest.Parse(record.Text("digest"))))],
            ReadImages([.. records.Where(record => record.Kind is ImageStarted or Checkpoint)]),
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
    /// <exception cref="AslException">As <see cref="Read"/>.</exception>
    internal static IngestOptions? OptionsOf(RunLog log) =>
        Written(() => log.ReadJournal().FirstOrDefault(record => record.Kind == Started) is { } start ? ReadStart(log, start).Options : null);

    /// <summary>Hashes and chain tell that nobody changed a record, not that an ingest wrote it: fields may be missing, or be none of theirs.</summary>
    private static T? Written<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception malformed) when (malformed is KeyNotFoundException or FormatException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new AslException(
                new AslError(ErrorCode.LogCorrupt, "a journal holds a record that no ingest writes")
                {
                    Why = malformed.Message,
                    Fix = "asl-intake ingest SOURCE…   (begins another run; this one cannot be resumed)",
                },
                malformed);
        }
    }

    /// <summary>The parts of files in the checkpoints of a run, in walk order, read as they are asked for.</summary>
    internal IEnumerable<CheckpointPart> ReadParts(Progress progress) =>
        progress.Checkpoints.SelectMany(checkpoint => CheckpointPart.ReadAll(log.Get(checkpoint.Name, checkpoint.Digest)));

    /// <summary>Each beginning, with the last that was counted before the next one of the same source.</summary>
    private static List<ImageBegun> ReadImages(IReadOnlyList<JournalRecord> records)
    {
        List<ImageBegun> images = [];
        foreach (var record in records)
        {
            if (record.Kind == ImageStarted)
            {
                images.Add(ReadImage(record));
                continue;
            }

            foreach (var counter in record.Texts("counters").Select(text => text.Split(' ')))
            {
                var (source, written) = (int.Parse(counter[0], CultureInfo.InvariantCulture), long.Parse(counter[^1], CultureInfo.InvariantCulture));
                if (images.FindLastIndex(image => image.Source == source) is >= 0 and var last)
                {
                    images[last] = images[last] with { WrittenLast = written };
                }
            }
        }

        return images;
    }

    private static ImageBegun ReadImage(JournalRecord record) => new(
        checked((int)(record.Number("source") ?? 0)), record.Boot, record.Text("device") ?? "",
        record.Number("written") is >= 0 and var written ? written : null,
        Digest.TryParse(record.Text("parent"), out var parent) ? parent : null,
        NullIfEmpty(record.Text("why")))
    {
        Appearance = record.Number("appearance") is >= 0 and var appearance ? appearance : null,
        Facts = ReadFacts(record),
    };

    private static SnapshotImage? ReadFacts(JournalRecord record) => ImageBegun.FactsOf(record.Text("device") ?? "") is not { } facts ? null
        : record.Number("logical-sector") is not (> 0 and <= ReadBuffer.Bytes and var sector) ? facts
        : facts with
        {
            LogicalSector = (int)sector,
            PhysicalSector = record.Number("physical-sector") is > 0 and <= int.MaxValue and var physical ? (int)physical : (int)sector,
            IsReadOnly = record.Line.GetProperty("read-only").GetBoolean(),
            Model = NullIfEmpty(record.Text("model")),
            Serial = NullIfEmpty(record.Text("serial")),
            WorldWideName = NullIfEmpty(record.Text("wwn")),
        };

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
            Retries = checked((int)retries),
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
        FileTimeText.Parse(record.Text("started")),
        record.Number("base") ?? 0,
        [.. record.Texts("parents").Select(text => Digest.TryParse(text, out var parent) ? parent : (Digest?)null)])
    {
        Trees = record.Texts("trees"),
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>A time as a journal keeps it.</summary>
internal readonly record struct FileTimeText(string Text)
{
    /// <exception cref="FormatException">It is no time.</exception>
    internal static FileTimeText Parse(string? text)
    {
        _ = DateTimeOffset.Parse(text ?? "", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return new(text!);
    }

    internal static FileTimeText Of(DateTimeOffset time) => new(time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    internal Shared.Interop.FileTime Time =>
        Shared.Interop.FileTime.From(DateTimeOffset.Parse(Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
}
