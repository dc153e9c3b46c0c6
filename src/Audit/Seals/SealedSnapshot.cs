using System.Formats.Cbor;
using System.Globalization;

namespace AslRescue.Audit.Seals;

/// <summary>A disk's write counter around its reading.</summary>
/// <param name="Boot">In which boot.</param>
/// <param name="Before">Units of 512 bytes written, when the reading began.</param>
/// <param name="After">When it had ended.</param>
public sealed record WriteCounter(string Boot, long Before, long After);

/// <summary>A source as a snapshot names it.</summary>
/// <param name="Path">Its bytes, made readable.</param>
/// <param name="IsImage">A block device or an image of one; else a tree.</param>
public sealed record SealedSource(string Path, bool IsImage)
{
    /// <summary>Of an image: what is known of it, in order: "size", "model", "serial number", …</summary>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>Of an image: bytes.</summary>
    public long Size { get; init; }

    /// <summary>Of an image: the write counters of its disk, one for each boot that read.</summary>
    public IReadOnlyList<WriteCounter> Counters { get; init; } = [];
}

/// <summary>What this verifier needs of a snapshot, read by its own code from docs/store-format.md (Snapshots).</summary>
public sealed record SealedSnapshot
{
    /// <summary>Snapshots that name more blocks than this are refused: 256 MiB.</summary>
    public const long BytesMax = 256L << 20;

    private static readonly string[] CountNames =
    [
        "entries", "files", "directories", "source bytes", "bytes read", "unchanged files", "added artifacts", "added raw bytes",
        "added stored bytes", "bad bytes",
    ];

    private static readonly string[] FactNames =
        ["size", "logical sector", "physical sector", "start on its disk", "read-only", "model", "serial number", "world-wide name", "SHA-256"];

    /// <summary>SHA-256 of the file.</summary>
    public required string Name { get; init; }

    /// <summary>The domain.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The run.</summary>
    public string Run { get; init; } = "";

    /// <summary>When the run began, by the machine's clock.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>When it was sealed, by the machine's clock.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The root.</summary>
    public string Root { get; init; } = "";

    /// <summary>What was read.</summary>
    public IReadOnlyList<SealedSource> Sources { get; init; } = [];

    /// <summary>What was counted, in the order of the format.</summary>
    public IReadOnlyList<(string Name, long Value)> Counts { get; init; } = [];

    /// <summary>Case, examiner, note: those that were given.</summary>
    public IReadOnlyList<(string Name, string Value)> Case { get; init; } = [];

    /// <summary>How many entries are less than the source held.</summary>
    public long Problems { get; init; }

    /// <summary>Host, boot, program, compressor.</summary>
    public IReadOnlyList<(string Name, string Value)> Origin { get; init; } = [];

    /// <summary>Sequence of the sealing record; 0 in a draft.</summary>
    public long SealingSequence { get; init; }

    /// <summary>Hash of the sealing record.</summary>
    public string SealingHash { get; init; } = "";

    /// <summary>The documents, by name.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Evidence { get; init; } = [];

    /// <summary>Reads a snapshot, or says what is wrong with it.</summary>
    public static (SealedSnapshot? Snapshot, string Why) Read(byte[] bytes)
    {
        try
        {
            var reader = new CborReader(bytes, CborConformanceMode.Canonical);
            var snapshot = ReadMap(reader, new SealedSnapshot { Name = Sha.Of(bytes) });
            return reader.BytesRemaining > 0 ? (null, "something follows the snapshot") : (snapshot, "");
        }
        catch (Exception malformed) when (malformed is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return (null, malformed.Message);
        }
    }

    private static SealedSnapshot ReadMap(CborReader reader, SealedSnapshot snapshot)
    {
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            snapshot = ReadKey(reader, reader.ReadInt32(), snapshot);
        }

        reader.ReadEndMap();
        return snapshot;
    }

    private static SealedSnapshot ReadKey(CborReader reader, int key, SealedSnapshot snapshot)
    {
        switch (key)
        {
            case 0:
                return reader.ReadTextString() == "asl-snapshot" ? snapshot : throw new CborContentException("it is no snapshot");
            case 1:
                return reader.ReadInt32() is var version and not 1 ? throw new CborContentException($"it has version {version}, this verifier knows 1") : snapshot;
            case 2:
                return snapshot with { Domain = reader.ReadTextString() };
            case 3:
                return snapshot with { Run = reader.ReadTextString() };
            case 4:
                return snapshot with { Started = ReadTime(reader) };
            case 5:
                return snapshot with { Created = ReadTime(reader) };
            case 7:
                return snapshot with { Root = Convert.ToHexStringLower(reader.ReadByteString()) };
            case 9:
                return snapshot with { Sources = ReadList(reader, ReadSource) };
            case 12:
                return snapshot with { Counts = [.. CountNames.Zip(ReadList(reader, item => item.ReadInt64()))] };
            case 13:
                return snapshot with { Case = ReadTexts(reader, "case", "examiner", "note") };
            case 14:
                reader.ReadStartArray();
                snapshot = snapshot with { Problems = reader.ReadInt64() };
                SkipToEnd(reader);
                return snapshot;
            case 15:
                return snapshot with { Origin = ReadTexts(reader, "host", "boot", "program", "compressor") };
            case 16:
                reader.ReadStartArray();
                snapshot = snapshot with { SealingSequence = reader.ReadInt64(), SealingHash = Convert.ToHexStringLower(reader.ReadByteString()) };
                reader.ReadEndArray();
                return snapshot;
            case 18:
                return snapshot with { Evidence = ReadList(reader, ReadEvidence) };
            default:
                reader.SkipValue();
                return snapshot;
        }
    }

    private static SealedSource ReadSource(CborReader reader)
    {
        var source = new SealedSource("", false);
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            switch (reader.ReadInt32())
            {
                case 0:
                    source = source with { Path = Text.Readable(reader.ReadByteString()) };
                    break;
                case 1:
                    source = source with { IsImage = reader.ReadInt32() == 1 };
                    break;
                case 5:
                    source = ReadImage(reader, source);
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        }

        reader.ReadEndMap();
        return source;
    }

    private static SealedSource ReadImage(CborReader reader, SealedSource source)
    {
        List<(string, string)> facts = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var key = reader.ReadInt32();
            switch (key)
            {
                case >= 0 and <= 3:
                    var number = reader.ReadInt64();
                    source = key == 0 ? source with { Size = number } : source;
                    facts.Add((FactNames[key], string.Create(CultureInfo.InvariantCulture, $"{number:N0} bytes")));
                    break;
                case 4:
                    facts.Add((FactNames[key], reader.ReadBoolean() ? "the kernel refused writes" : "the kernel would have allowed writes"));
                    break;
                case >= 5 and <= 7:
                    facts.Add((FactNames[key], reader.ReadTextString()));
                    break;
                case 8:
                    facts.Add((FactNames[key], Convert.ToHexStringLower(reader.ReadByteString())));
                    break;
                case 9:
                    source = source with { Counters = ReadList(reader, ReadCounter) };
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        }

        reader.ReadEndMap();
        return source with { Facts = facts };
    }

    private static WriteCounter ReadCounter(CborReader reader)
    {
        reader.ReadStartArray();
        var counter = new WriteCounter(reader.ReadTextString(), reader.ReadInt64(), reader.ReadInt64());
        reader.ReadEndArray();
        return counter;
    }

    private static (string Name, byte[] Bytes) ReadEvidence(CborReader reader)
    {
        reader.ReadStartArray();
        var evidence = (reader.ReadTextString(), reader.ReadByteString());
        reader.ReadEndArray();
        return evidence;
    }

    private static DateTimeOffset ReadTime(CborReader reader)
    {
        reader.ReadStartArray();
        var (seconds, nanoseconds) = (reader.ReadInt64(), reader.ReadInt64());
        reader.ReadEndArray();
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / 100);
    }

    private static List<(string, string)> ReadTexts(CborReader reader, params string[] names)
    {
        List<(string, string)> texts = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var key = reader.ReadInt32();
            texts.Add((key >= 0 && key < names.Length ? names[key] : $"key {key}", reader.ReadTextString()));
        }

        reader.ReadEndMap();
        return texts;
    }

    private static List<T> ReadList<T>(CborReader reader, Func<CborReader, T> item)
    {
        List<T> list = [];
        reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            list.Add(item(reader));
        }

        reader.ReadEndArray();
        return list;
    }

    private static void SkipToEnd(CborReader reader)
    {
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            reader.SkipValue();
        }

        reader.ReadEndArray();
    }
}
