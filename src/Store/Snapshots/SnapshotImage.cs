using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Store.Format;

namespace AslRescue.Store.Snapshots;

/// <summary>A range of an image, in bytes from its start.</summary>
public readonly record struct ImageRange(long Start, long Length)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Start + Length;
}

/// <summary>How often a disk had been written to, in units of 512 bytes since it appeared: /sys/block/*/stat.</summary>
/// <param name="Boot">The boot that counts; the counter starts at 0 with each.</param>
/// <param name="Before">When the reading began.</param>
/// <param name="After">When it had ended.</param>
public sealed record WriteCount(string Boot, long Before, long After);

/// <summary>
/// What a snapshot says of an image beside its bytes (docs/store-format.md, Snapshots). It lies outside the root: the same bytes on another
/// disk have the same root.
/// </summary>
public sealed record SnapshotImage
{
    /// <summary>All sources of a snapshot together have no more write counts: one for each time that a device was plugged in.</summary>
    internal const int WritesMax = 1 << 16;

    /// <summary>And no more gained ranges. Of more a snapshot would be longer than any server takes.</summary>
    internal const int GainedMax = 1 << 24;

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of the smallest unit that can be addressed.</summary>
    public required int LogicalSector { get; init; }

    /// <summary>Bytes of the smallest unit that the medium reads.</summary>
    public required int PhysicalSector { get; init; }

    /// <summary>Of a partition: where on its disk it starts, in bytes. 0 for a disk.</summary>
    public long Start { get; init; }

    /// <summary>Whether the kernel refused writes to it.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Maker's name of the disk; null where nobody says.</summary>
    public string? Model { get; init; }

    /// <summary>Serial number.</summary>
    public string? Serial { get; init; }

    /// <summary>World-wide name.</summary>
    public string? WorldWideName { get; init; }

    /// <summary>SHA-256 of all bytes in order; null while ranges are bad.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>The write counter, once for each boot that read; none for what has no counter.</summary>
    public IReadOnlyList<WriteCount> Writes { get; init; } = [];

    /// <summary>What the parent lacked and this snapshot has, ascending. Empty without a parent.</summary>
    public IReadOnlyList<ImageRange> Gained { get; init; } = [];

    /// <summary>Whether the disk was written to while it was read.</summary>
    public bool WasWritten => Writes.Any(count => count.After != count.Before);

    /// <summary>
    /// Whether another image is of the same device: by world-wide name, or by model and serial number. Null when neither is known of one
    /// of them.
    /// </summary>
    public bool? IsSameDevice(SnapshotImage other)
    {
        if (Size != other.Size || Start != other.Start)
        {
            return false;
        }

        return (WorldWideName, other.WorldWideName) is ({ } name, { } otherName) ? name == otherName
            : (Serial, other.Serial) is ({ } serial, { } otherSerial) ? serial == otherSerial && Model == other.Model
            : Serial is null && WorldWideName is null && other.Serial is null && other.WorldWideName is null ? null : false;
    }

    internal void Write(CborWriter writer)
    {
        string?[] texts = [Model, Serial, WorldWideName];
        writer.WriteStartMap(5 + texts.Count(text => text is not null) + (Sha256 is null ? 0 : 1) + (Writes.Count > 0 ? 1 : 0) + (Gained.Count > 0 ? 1 : 0));
        Key(0).WriteInt64(Size);
        Key(1).WriteInt32(LogicalSector);
        Key(2).WriteInt32(PhysicalSector);
        Key(3).WriteInt64(Start);
        Key(4).WriteBoolean(IsReadOnly);
        for (var index = 0; index < texts.Length; index++)
        {
            if (texts[index] is { } text)
            {
                Key(5 + index).WriteTextString(text);
            }
        }

        if (Sha256 is { } digest)
        {
            Key(8).WriteByteString(digest.Span);
        }

        if (Writes.Count > 0)
        {
            Key(9).WriteList(Writes, count =>
            {
                writer.WriteStartArray(3);
                writer.WriteTextString(count.Boot);
                writer.WriteInt64(count.Before);
                writer.WriteInt64(count.After);
                writer.WriteEndArray();
            });
        }

        if (Gained.Count > 0)
        {
            Key(10).WriteList(Gained, range =>
            {
                writer.WriteStartArray(2);
                writer.WriteInt64(range.Start);
                writer.WriteInt64(range.Length);
                writer.WriteEndArray();
            });
        }

        writer.WriteEndMap();

        CborWriter Key(int key)
        {
            writer.WriteInt32(key);
            return writer;
        }
    }

    /// <exception cref="CborContentException">It is no image.</exception>
    internal static SnapshotImage Read(CborReader reader)
    {
        var image = new SnapshotImage { Size = -1, LogicalSector = 0, PhysicalSector = 0 };
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            image = reader.ReadInt32() switch
            {
                0 => image with { Size = reader.ReadInt64() },
                1 => image with { LogicalSector = reader.ReadInt32() },
                2 => image with { PhysicalSector = reader.ReadInt32() },
                3 => image with { Start = reader.ReadInt64() },
                4 => image with { IsReadOnly = reader.ReadBoolean() },
                5 => image with { Model = reader.ReadTextString() },
                6 => image with { Serial = reader.ReadTextString() },
                7 => image with { WorldWideName = reader.ReadTextString() },
                8 => image with { Sha256 = reader.ReadDigest() },
                9 => image with { Writes = reader.ReadList(ReadCount, WritesMax) },
                10 => image with { Gained = reader.ReadList(ReadRange, GainedMax) },
                var key => throw new CborContentException($"an image has no key {key}"),
            };
        }

        reader.ReadEndMap();
        return image.Size >= 0 && image.LogicalSector > 0 && image.PhysicalSector > 0 ? image : throw new CborContentException("an image with impossible values");
    }

    private static WriteCount ReadCount(CborReader reader)
    {
        reader.ReadStartArray();
        var count = new WriteCount(reader.ReadTextString(), reader.ReadInt64(), reader.ReadInt64());
        reader.ReadEndArray();
        return count;
    }

    private static ImageRange ReadRange(CborReader reader)
    {
        reader.ReadStartArray();
        var range = new ImageRange(reader.ReadInt64(), reader.ReadInt64());
        reader.ReadEndArray();
        return range.Start >= 0 && range.Length > 0 && range.Start <= long.MaxValue - range.Length
            ? range
            : throw new CborContentException("an impossible range");
    }
}
