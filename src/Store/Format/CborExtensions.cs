using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Format;

/// <summary>The few shapes that the format uses again and again. Readers throw CborContentException on anything else.</summary>
public static class CborExtensions
{
    /// <summary>
    /// Writers put keys in order and lengths in front by themselves; the library's own sorting would only cost time. What they
    /// write is held against the strict reader by the tests.
    /// </summary>
    public static CborWriter NewWriter() => new(CborConformanceMode.Lax, allowMultipleRootLevelValues: true);

    /// <summary>Only the one deterministic form is accepted.</summary>
    public static CborReader NewReader(ReadOnlyMemory<byte> content) =>
        new(content, CborConformanceMode.Canonical, allowMultipleRootLevelValues: true);

    public static Digest ReadDigest(this CborReader reader)
    {
        var bytes = reader.ReadByteString();
        return bytes.Length == Digest.Length ? new Digest(bytes) : throw new CborContentException($"a key of {bytes.Length} bytes");
    }

    public static void WriteTime(this CborWriter writer, FileTime time)
    {
        writer.WriteStartArray(2);
        writer.WriteInt64(time.Seconds);
        writer.WriteUInt32(time.Nanoseconds);
        writer.WriteEndArray();
    }

    public static FileTime ReadTime(this CborReader reader)
    {
        reader.ReadStartArray();
        var time = new FileTime(reader.ReadInt64(), reader.ReadUInt32());
        reader.ReadEndArray();
        return time.Nanoseconds < 1_000_000_000 ? time : throw new CborContentException($"{time.Nanoseconds} ns");
    }

    public static void WriteOptionalTime(this CborWriter writer, FileTime? time)
    {
        if (time is { } known)
        {
            writer.WriteInt64(known.Seconds);
            writer.WriteUInt32(known.Nanoseconds);
            return;
        }

        writer.WriteNull();
        writer.WriteNull();
    }

    public static FileTime? ReadOptionalTime(this CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return new(reader.ReadInt64(), reader.ReadUInt32());
        }

        reader.ReadNull();
        reader.ReadNull();
        return null;
    }

    public static void WritePair(this CborWriter writer, (uint First, uint Second) pair)
    {
        writer.WriteStartArray(2);
        writer.WriteUInt32(pair.First);
        writer.WriteUInt32(pair.Second);
        writer.WriteEndArray();
    }

    public static (uint First, uint Second) ReadPair(this CborReader reader)
    {
        reader.ReadStartArray();
        var pair = (reader.ReadUInt32(), reader.ReadUInt32());
        reader.ReadEndArray();
        return pair;
    }

    /// <summary>Reads an array of anything.</summary>
    /// <param name="reader">Stands before the array.</param>
    /// <param name="readItem">Reads an item.</param>
    /// <param name="itemsMax">An array of more is refused before it is read: two bytes of a file may become fifty in memory.</param>
    public static List<T> ReadList<T>(this CborReader reader, Func<CborReader, T> readItem, int itemsMax = int.MaxValue)
    {
        List<T> items = [];
        var count = reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray)
        {
            items.Add(count <= itemsMax && items.Count < itemsMax ? readItem(reader) : throw new CborContentException($"an array of more than {itemsMax} items"));
        }

        reader.ReadEndArray();
        return items;
    }

    public static void WriteList<T>(this CborWriter writer, IReadOnlyCollection<T> items, Action<T> writeItem)
    {
        writer.WriteStartArray(items.Count);
        foreach (var item in items)
        {
            writeItem(item);
        }

        writer.WriteEndArray();
    }
}
