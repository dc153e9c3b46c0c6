using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Format;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Trees;

/// <summary>Reads listings, side tables and contents below one snapshot. As many threads at once as <paramref name="artifacts"/> bears.</summary>
/// <param name="artifacts">Gives the artifacts.</param>
/// <param name="isLean">
/// For a walk as deep as whoever made the tree liked: nothing of an artifact is held between two elements, it is asked for again, so the source should keep what was
/// read last; entries come without attributes, target and hard link, which are only checked.
/// </param>
/// <remarks>Else what one artifact says is in memory at a time. An artifact of more elements than the format allows is refused before they are.</remarks>
public sealed class TreeReader(IArtifactSource artifacts, bool isLean = false)
{
    // An entry takes 6 bytes or more, and a writer ends an artifact once 256 KiB are reached.
    private const int SequenceElementsMax = 1 << 16;

    /// <summary>The entry of each source of a snapshot, without a name.</summary>
    /// <exception cref="AslException">TreeCorrupt, or an artifact cannot be read.</exception>
    public IReadOnlyList<Entry> Roots(Digest root) => [.. EachRoot(root)];

    /// <summary>The same, read as they are asked for.</summary>
    internal IEnumerable<Entry> EachRoot(Digest root) => Elements(root, null, ReadEntry, SnapshotCodec.SourcesMax);

    /// <summary>The entries of a directory, ascending by name, read as they are asked for.</summary>
    public IEnumerable<Entry> Listing(Entry directory)
    {
        Entry? previous = null;
        foreach (var entry in Sequence(directory.Content, ReadEntry))
        {
            if (entry.Name.Length == 0 || (previous is not null && previous.Name.AsSpan().SequenceCompareTo(entry.Name) >= 0))
            {
                throw Corrupt("a listing is not ascending by name");
            }

            yield return previous = entry;
        }
    }

    /// <summary>Side records, in the order of the listing that they belong to.</summary>
    public IEnumerable<SideRecord> Side(IReadOnlyList<ContentItem> items) => Sequence(items, SideRecord.Read);

    /// <summary>A snapshot's list of problems.</summary>
    public IEnumerable<Problem> Problems(IReadOnlyList<ContentItem> items) => Sequence(items, Problem.Read);

    /// <summary>The artifacts, holes and bad ranges of a content, lists resolved, in order.</summary>
    public IEnumerable<ContentItem> Leaves(IEnumerable<ContentItem> items)
    {
        foreach (var item in items)
        {
            if (item.Kind != ContentKind.List)
            {
                yield return item;
                continue;
            }

            foreach (var leaf in Leaves(Below(item)))
            {
                yield return leaf;
            }
        }
    }

    /// <summary>The items in a list artifact, checked: they must be of the next lower depth and together as long as the list says.</summary>
    public IReadOnlyList<ContentItem> ReadList(ContentItem list)
    {
        var items = Parse(list.Key, null, ContentItem.Read, ContentItem.ListItemsMax);

        // Wider than a length: a sum of malformed ones may not fit, and must not come out right by wrapping around.
        var length = items.Aggregate(Int128.Zero, (sum, item) => sum + item.Length);
        var isPossible = length == list.Length
            && items.All(item => list.Detail == 1 ? item.Kind != ContentKind.List : item.Kind == ContentKind.List && item.Detail == list.Detail - 1);
        return isPossible ? items : throw Corrupt($"list {list.Key.Short}… does not fit what refers to it");
    }

    /// <summary>The directory or file at a path below an entry; null when there is none.</summary>
    /// <param name="entry">Where to start.</param>
    /// <param name="path">Raw, with slashes between names; empty for the entry itself.</param>
    public Entry? Find(Entry entry, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            var end = path.IndexOf((byte)'/');
            var name = (end < 0 ? path : path[..end]).ToArray();
            path = end < 0 ? [] : path[(end + 1)..];
            if (name.Length == 0)
            {
                continue;
            }

            if (entry.Kind != EntryKind.Directory || Listing(entry).FirstOrDefault(child => child.Name.AsSpan().SequenceEqual(name)) is not { } found)
            {
                return null;
            }

            entry = found;
        }

        return entry;
    }

    private IEnumerable<T> Sequence<T>(IReadOnlyList<ContentItem> items, Func<CborReader, T> read) =>
        Leaves(items).SelectMany(item => item.Kind == ContentKind.Artifact ? Elements(item.Key, item.Length, read, SequenceElementsMax) : throw Corrupt("a listing has a hole"));

    /// <summary>A list's items; where none are to be held, they are read once more after the check.</summary>
    private IEnumerable<ContentItem> Below(ContentItem list)
    {
        var items = ReadList(list);
        return isLean ? EachElement(list.Key, null, ContentItem.Read, ContentItem.ListItemsMax) : items;
    }

    private Entry ReadEntry(CborReader reader)
    {
        var entry = Entry.Read(reader);
        return isLean ? entry with { Attributes = [], Target = null, HardLink = null } : entry;
    }

    private IEnumerable<T> Elements<T>(Digest key, long? length, Func<CborReader, T> read, int elementsMax) =>
        isLean ? EachElement(key, length, read, elementsMax) : Parse(key, length, read, elementsMax);

    /// <summary>The elements one by one; of the artifact no more is kept than how far it was read.</summary>
    private IEnumerable<T> EachElement<T>(Digest key, long? length, Func<CborReader, T> read, int elementsMax)
    {
        var (offset, count) = (0, 0);
        while (TryReadAt(key, length, ref offset, read, count++ < elementsMax, out var element))
        {
            yield return element;
        }
    }

    private bool TryReadAt<T>(Digest key, long? length, ref int offset, Func<CborReader, T> read, bool mayHaveMore, [MaybeNullWhen(false)] out T element)
    {
        var bytes = ReadWhole(key, length);
        if (offset == bytes.Length)
        {
            element = default;
            return false;
        }

        var reader = CborExtensions.NewReader(bytes.AsMemory(offset));
        element = mayHaveMore ? Understood(key, reader, read) : throw TooMany(key);
        offset = bytes.Length - reader.BytesRemaining;
        return true;
    }

    private List<T> Parse<T>(Digest key, long? length, Func<CborReader, T> read, int elementsMax)
    {
        var reader = CborExtensions.NewReader(ReadWhole(key, length));
        List<T> elements = [];
        while (reader.BytesRemaining > 0)
        {
            elements.Add(elements.Count < elementsMax ? Understood(key, reader, read) : throw TooMany(key));
        }

        return elements;
    }

    /// <summary>An artifact that holds something: an empty one, named a million times over, would let a walk go on without ever coming to an element.</summary>
    private byte[] ReadWhole(Digest key, long? length)
    {
        var bytes = artifacts.Read(key);
        return length is null || length == bytes.Length ? bytes : throw Corrupt($"artifact {key.Short}… has {bytes.Length} bytes, and {length} where it is referred to");
    }

    private static T Understood<T>(Digest key, CborReader reader, Func<CborReader, T> read)
    {
        try
        {
            return read(reader);
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Corrupt($"artifact {key.Short}… is malformed: {exception.Message}");
        }
    }

    private static AslException TooMany(Digest key) => Corrupt($"artifact {key.Short}… is malformed: it has more elements than any writer puts into one");

    private static AslException Corrupt(string why) => new(new AslError(ErrorCode.TreeCorrupt, "the tree of a snapshot is malformed")
    {
        Why = why + "; its bytes are as they were written, so the program that wrote it did not keep to the format",
        Fix = "report it with the output of: asl-admin verify",
    });
}
