using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Snapshots;

/// <summary>Snapshots as CBOR maps; the keys are listed in docs/store-format.md.</summary>
public static class SnapshotCodec
{
    private const string Magic = "asl-snapshot";

    // More than any writer has (docs/store-format.md, Snapshots), and as much as a server that is short of memory can bear. Blocks and segments need no limit:
    // they take as much in a file as in memory.
    internal const int SourcesMax = 1 << 17; // The run's first record names them all, three texts each, in a line of 1 MiB.
    private const int RunsMax = 1 << 20;
    private const int EvidenceMax = 1 << 16;

    /// <summary>The file of a snapshot, or of a draft (no <see cref="Snapshot.Journal"/>).</summary>
    public static byte[] Encode(Snapshot snapshot)
    {
        var writer = CborExtensions.NewWriter();
        writer.WriteStartMap(snapshot.Journal is null ? 18 : 19);
        Text(0, Magic);
        Number(1, StoreFormat.Version);
        Text(2, snapshot.Domain);
        Text(3, snapshot.Run);
        Key(4).WriteTime(snapshot.Started);
        Key(5).WriteTime(snapshot.Created);
        WriteBase(Key(6), snapshot.Base);
        Key(7).WriteByteString(snapshot.Root.Span);
        ContentItem.WriteAll(Key(8), [.. snapshot.Side]);
        Key(9).WriteList(snapshot.Sources, source => WriteSource(writer, source));
        Key(10).WriteList(snapshot.Groups, group => WriteGroup(writer, group));
        Key(11).WriteList(snapshot.Blocks, block => WriteBlock(writer, block));
        WriteCounts(Key(12), snapshot.Counts);
        WriteTexts(Key(13), [snapshot.Case.Case, snapshot.Case.Examiner, snapshot.Case.Note]);
        WriteProblems(Key(14), snapshot);
        WriteTexts(Key(15), [snapshot.Origin.Host, snapshot.Origin.Boot, snapshot.Origin.Program, snapshot.Origin.Compressor]);
        if (snapshot.Journal is { } journal)
        {
            WriteNumberAndDigest(Key(16), journal.Sequence, journal.Hash);
        }

        Key(17).WriteByteString(snapshot.Format.Span);
        Key(18).WriteList(snapshot.Evidence, evidence => WriteEvidence(writer, evidence));
        writer.WriteEndMap();
        return writer.Encode();

        CborWriter Key(int key)
        {
            writer.WriteInt32(key);
            return writer;
        }

        void Text(int key, string value) => Key(key).WriteTextString(value);

        void Number(int key, int value) => Key(key).WriteInt32(value);
    }

    /// <summary>Reads a snapshot of a backend and checks it against its name.</summary>
    /// <exception cref="AslException">ObjectMissing or SnapshotCorrupt.</exception>
    public static Snapshot Load(IBackend backend, Digest name, bool pastCache = false)
    {
        var where = $"{backend.Location}/{ObjectName.Snapshot(name)}";
        var content = backend.ReadAll(ObjectName.Snapshot(name), pastCache: pastCache);
        var actual = Digest.Of(content);
        return actual == name
            ? Decode(where, content)
            : throw Corrupt(where, $"its {content.Length} bytes hash to {actual.Short}…, its name says otherwise");
    }

    /// <summary>Reads a snapshot or a draft.</summary>
    /// <param name="where">The file's name, for the error.</param>
    /// <param name="content">The file's bytes.</param>
    /// <exception cref="AslException">SnapshotCorrupt.</exception>
    public static Snapshot Decode(string where, ReadOnlyMemory<byte> content)
    {
        try
        {
            return Read(CborExtensions.NewReader(content));
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Corrupt(where, exception.Message);
        }
    }

    private static Snapshot Read(CborReader reader)
    {
        var count = reader.ReadStartMap();
        Expect(reader, 0);
        if (reader.ReadTextString() != Magic)
        {
            throw new CborContentException("it is no snapshot");
        }

        Expect(reader, 1);
        if (reader.ReadInt32() is var version and not StoreFormat.Version)
        {
            throw new CborContentException($"it has version {version}, this program knows {StoreFormat.Version}");
        }

        var domain = At(2).ReadTextString();
        var run = At(3).ReadTextString();
        var started = At(4).ReadTime();
        var created = At(5).ReadTime();
        var basis = ReadBase(At(6));
        var root = At(7).ReadDigest();
        var side = ContentItem.ReadAll(At(8));
        var (runs, writes, gained) = (0, 0, 0);
        var sources = At(9).ReadList(item =>
        {
            var source = ReadSource(item);
            writes = Sum(writes, source.Image?.Writes.Count ?? 0, SnapshotImage.WritesMax);
            gained = Sum(gained, source.Image?.Gained.Count ?? 0, SnapshotImage.GainedMax);
            return source;
        }, SourcesMax);
        var groups = At(10).ReadList(item =>
        {
            var group = ReadGroup(item);
            runs = Sum(runs, group.Runs.Count, RunsMax);
            return group;
        });
        var blocks = At(11).ReadList(ReadBlock);
        var counts = ReadCounts(At(12));
        var texts = ReadTexts(At(13), 3);
        var (problemCount, problems) = ReadProblems(At(14));
        var origin = ReadTexts(At(15), 4);
        (long, Digest)? journal = count == 19 ? ReadNumberAndDigest(At(16)) : null;
        var format = At(17).ReadDigest();
        var evidence = At(18).ReadList(ReadEvidence, EvidenceMax);
        reader.ReadEndMap();
        return reader.BytesRemaining > 0
            ? throw new CborContentException("something follows the snapshot")
            : new Snapshot
            {
                Domain = domain,
                Run = run,
                Started = started,
                Created = created,
                Base = basis,
                Root = root,
                Side = side,
                Sources = sources,
                Groups = groups,
                Blocks = blocks,
                Counts = counts,
                Case = new(texts[0], texts[1], texts[2]),
                ProblemCount = problemCount,
                Problems = problems,
                Origin = new(origin[0] ?? "", origin[1] ?? "", origin[2] ?? "", origin[3] ?? ""),
                Journal = journal,
                Format = format,
                Evidence = evidence,
            };

        CborReader At(int key)
        {
            Expect(reader, key);
            return reader;
        }
    }

    /// <summary>What all lists of one kind have together has the same limit as each of them.</summary>
    private static int Sum(int before, int more, int max) =>
        more <= max - before ? before + more : throw new CborContentException($"lists of more than {max} items together");

    private static void Expect(CborReader reader, int key)
    {
        if (reader.ReadInt32() is var actual && actual != key)
        {
            throw new CborContentException($"key {actual} stands where {key} belongs");
        }
    }

    private static void WriteBase(CborWriter writer, (long Seal, Digest Snapshot)? basis)
    {
        if (basis is { } known)
        {
            WriteNumberAndDigest(writer, known.Seal, known.Snapshot);
        }
        else
        {
            writer.WriteNull();
        }
    }

    private static (long, Digest)? ReadBase(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return ReadNumberAndDigest(reader);
        }

        reader.ReadNull();
        return null;
    }

    private static void WriteNumberAndDigest(CborWriter writer, long number, Digest digest)
    {
        writer.WriteStartArray(2);
        writer.WriteInt64(number);
        writer.WriteByteString(digest.Span);
        writer.WriteEndArray();
    }

    private static (long, Digest) ReadNumberAndDigest(CborReader reader)
    {
        reader.ReadStartArray();
        var pair = (Number: reader.ReadInt64(), reader.ReadDigest());
        reader.ReadEndArray();
        return pair.Number >= 1 ? pair : throw new CborContentException($"seal or record {pair.Number}");
    }

    private static void WriteSource(CborWriter writer, SnapshotSource source)
    {
        writer.WriteStartMap(source.Image is null ? 5 : 6);
        writer.WriteInt32(0);
        writer.WriteByteString(source.Path);
        writer.WriteInt32(1);
        writer.WriteInt32(source.Kind);
        writer.WriteInt32(2);
        if (source.Parent is { } parent)
        {
            writer.WriteByteString(parent.Span);
        }
        else
        {
            writer.WriteNull();
        }

        writer.WriteInt32(3);
        writer.WritePair(source.Device);
        writer.WriteInt32(4);
        writer.WriteInt64(source.FileSystemType);
        if (source.Image is { } image)
        {
            writer.WriteInt32(5);
            image.Write(writer);
        }

        writer.WriteEndMap();
    }

    private static SnapshotSource ReadSource(CborReader reader)
    {
        var count = reader.ReadStartMap();
        Expect(reader, 0);
        var path = reader.ReadByteString();
        if (!Entry.StaysBelow(path))
        {
            throw new CborContentException("the path of a source has a part that leads elsewhere");
        }

        Expect(reader, 1);
        var kind = reader.ReadInt32();
        Expect(reader, 2);
        Digest? parent = null;
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            parent = reader.ReadDigest();
        }

        Expect(reader, 3);
        var device = reader.ReadPair();
        Expect(reader, 4);
        var source = new SnapshotSource(path, kind, parent, device, reader.ReadInt64());
        if (count == 6)
        {
            Expect(reader, 5);
            source = source with { Image = SnapshotImage.Read(reader) };
        }

        reader.ReadEndMap();
        return source;
    }

    private static void WriteGroup(CborWriter writer, SegmentGroup group)
    {
        writer.WriteStartArray(2);
        writer.WriteList(group.Runs, writer.WriteTextString);
        writer.WriteList(group.Segments, segment =>
        {
            writer.WriteStartArray(4);
            writer.WriteByteString(segment.Name.Span);
            writer.WriteInt64(segment.Count);
            writer.WriteByteString(segment.First.Span);
            writer.WriteByteString(segment.Last.Span);
            writer.WriteEndArray();
        });
        writer.WriteEndArray();
    }

    private static SegmentGroup ReadGroup(CborReader reader)
    {
        reader.ReadStartArray();
        var group = new SegmentGroup(reader.ReadList(item => item.ReadTextString(), RunsMax), reader.ReadList(item =>
        {
            item.ReadStartArray();
            var summary = new SegmentSummary(item.ReadDigest(), item.ReadInt64(), item.ReadDigest(), item.ReadDigest());
            item.ReadEndArray();
            return summary.Count is >= 1 and <= int.MaxValue ? summary : throw new CborContentException($"a segment of {summary.Count} rows");
        }));
        reader.ReadEndArray();
        return group.Segments.Count > 0 ? group : throw new CborContentException("a group without a segment");
    }

    private static void WriteBlock(CborWriter writer, AddedBlock block)
    {
        writer.WriteStartArray(3);
        writer.WriteByteString(block.Name.Span);
        writer.WriteInt64(block.FileLength);
        writer.WriteInt32((int)block.Content);
        writer.WriteEndArray();
    }

    private static AddedBlock ReadBlock(CborReader reader)
    {
        reader.ReadStartArray();
        var (name, length, content) = (reader.ReadDigest(), reader.ReadInt64(), reader.ReadInt32());
        reader.ReadEndArray();
        return content is (int)BlockContent.Chunks or (int)BlockContent.Metadata && length is >= 0 and <= StoreFormat.BlockFileBytesMax
            ? new AddedBlock(name, length, (BlockContent)content)
            : throw new CborContentException($"a block of content {content} and {length} bytes");
    }

    private static void WriteCounts(CborWriter writer, SnapshotCounts counts) => writer.WriteList<long>(
    [
        counts.Entries, counts.Files, counts.Directories, counts.SourceBytes, counts.ReadBytes, counts.UnchangedFiles,
        counts.AddedArtifacts, counts.AddedRawBytes, counts.AddedStoredBytes, counts.BadBytes,
    ], writer.WriteInt64);

    private static SnapshotCounts ReadCounts(CborReader reader) => reader.ReadList(item => item.ReadInt64() is >= 0 and var count ? count : throw new CborContentException("a count below zero")) switch
    {
        [var entries, var files, var directories, var source, var read, var unchanged, var artifacts, var raw, var stored, var bad] => new()
        {
            Entries = entries,
            Files = files,
            Directories = directories,
            SourceBytes = source,
            ReadBytes = read,
            UnchangedFiles = unchanged,
            AddedArtifacts = artifacts,
            AddedRawBytes = raw,
            AddedStoredBytes = stored,
            BadBytes = bad,
        },
        var other => throw new CborContentException($"{other.Count} counts"),
    };

    private static void WriteTexts(CborWriter writer, string?[] texts)
    {
        writer.WriteStartMap(texts.Count(text => text is not null));
        for (var key = 0; key < texts.Length; key++)
        {
            if (texts[key] is { } text)
            {
                writer.WriteInt32(key);
                writer.WriteTextString(text);
            }
        }

        writer.WriteEndMap();
    }

    private static string?[] ReadTexts(CborReader reader, int count)
    {
        var texts = new string?[count];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var key = reader.ReadInt32();
            texts[key >= 0 && key < count ? key : throw new CborContentException($"no text has key {key}")] = reader.ReadTextString();
        }

        reader.ReadEndMap();
        return texts;
    }

    private static void WriteProblems(CborWriter writer, Snapshot snapshot)
    {
        writer.WriteStartArray(2);
        writer.WriteInt64(snapshot.ProblemCount);
        ContentItem.WriteAll(writer, [.. snapshot.Problems]);
        writer.WriteEndArray();
    }

    private static (long Count, ContentItem[] Items) ReadProblems(CborReader reader)
    {
        reader.ReadStartArray();
        var problems = (Count: reader.ReadInt64(), ContentItem.ReadAll(reader));
        reader.ReadEndArray();
        return problems.Count >= 0 ? problems : throw new CborContentException($"{problems.Count} problems");
    }

    private static void WriteEvidence(CborWriter writer, Evidence evidence)
    {
        writer.WriteStartArray(2);
        writer.WriteTextString(evidence.Name);
        writer.WriteByteString(evidence.Content);
        writer.WriteEndArray();
    }

    private static Evidence ReadEvidence(CborReader reader)
    {
        reader.ReadStartArray();
        var evidence = new Evidence(reader.ReadTextString(), reader.ReadByteString());
        reader.ReadEndArray();
        return evidence;
    }

    private static AslException Corrupt(string where, string why) => new(new AslError(ErrorCode.SnapshotCorrupt, "a snapshot is corrupt")
    {
        Where = $"{where}, offset 0",
        Why = why,
        Fix = "asl-admin snapshots   (the other snapshots do not depend on it)",
    });
}
