using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>What the bytes of an item are.</summary>
public enum ContentKind
{
    /// <summary>The artifact with the item's key.</summary>
    Artifact,

    /// <summary>Never on disk; reads as zeros.</summary>
    Hole,

    /// <summary>Could not be read. Unknown, not zero.</summary>
    BadRange,

    /// <summary>The artifact with the item's key lists the items for these bytes.</summary>
    List,
}

/// <summary>What the next bytes of a content are (docs/store-format.md, Trees).</summary>
/// <param name="Kind">Which of the four.</param>
/// <param name="Length">How many bytes it stands for; at least 1.</param>
/// <param name="Key">The artifact, for the kinds that have one.</param>
/// <param name="Detail">Of a bad range why (<see cref="BadRange"/>); how many levels of lists a list holds below it; else 0.</param>
public readonly record struct ContentItem(ContentKind Kind, long Length, Digest Key, int Detail)
{
    /// <summary>Lists of lists of lists … of at least two items each: deeper is impossible within 2⁶³ bytes.</summary>
    internal const int DepthMax = 8;

    /// <summary>A content of more items is written as lists.</summary>
    internal const int InlineItemsMax = 32;

    /// <summary>No list has more items.</summary>
    internal const int ListItemsMax = 8192;

    public static ContentItem Artifact(Digest key, long length) => new(ContentKind.Artifact, length, key, 0);

    public static ContentItem Hole(long length) => new(ContentKind.Hole, length, default, 0);

    /// <param name="length">Bytes.</param>
    /// <param name="errno">What each of its sectors answered; negative: what a longer part answered that they lie in; 0: nobody asked.</param>
    public static ContentItem BadRange(long length, int errno) => new(ContentKind.BadRange, length, default, errno);

    internal static ContentItem List(Digest key, long length, int depth) => new(ContentKind.List, length, key, depth);

    /// <summary>Appends the item to a CBOR sequence.</summary>
    public void Write(CborWriter writer)
    {
        writer.WriteStartArray(Kind switch
        {
            ContentKind.Hole => 1,
            ContentKind.Artifact or ContentKind.BadRange => 2,
            ContentKind.List => 3,
            _ => throw new InvalidOperationException($"no such content: {Kind}"),
        });
        writer.WriteInt64(Length);
        if (Kind is ContentKind.Artifact or ContentKind.List)
        {
            writer.WriteByteString(Key.Span);
        }

        if (Kind is ContentKind.BadRange or ContentKind.List)
        {
            writer.WriteInt32(Detail);
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads the next item of a CBOR sequence.</summary>
    /// <exception cref="CborContentException">It is no item.</exception>
    public static ContentItem Read(CborReader reader)
    {
        var count = reader.ReadStartArray();
        var length = reader.ReadInt64();
        var item = count switch
        {
            1 => Hole(length),
            2 when reader.PeekState() == CborReaderState.ByteString => Artifact(reader.ReadDigest(), length),
            2 => BadRange(length, reader.ReadInt32()),
            3 => List(reader.ReadDigest(), length, reader.ReadInt32()),
            _ => throw new CborContentException($"an item of {count} parts"),
        };
        reader.ReadEndArray();
        var isPossible = length >= 1
            && (item.Kind != ContentKind.Artifact || length <= StoreFormat.ArtifactBytesMax)
            && (item.Kind != ContentKind.List || item.Detail is >= 1 and <= DepthMax);
        return isPossible ? item : throw new CborContentException($"an item of {length} bytes");
    }

    /// <summary>Writes an array of items.</summary>
    public static void WriteAll(CborWriter writer, IReadOnlyCollection<ContentItem> items)
    {
        writer.WriteStartArray(items.Count);
        foreach (var item in items)
        {
            item.Write(writer);
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads an array of items.</summary>
    /// <param name="reader">Stands before the array.</param>
    /// <param name="itemsMax">An array of more is refused; <see cref="InlineItemsMax"/> where it is a content.</param>
    /// <exception cref="CborContentException">It is none.</exception>
    public static ContentItem[] ReadAll(CborReader reader, int itemsMax = InlineItemsMax) => [.. reader.ReadList(Read, itemsMax)];
}
