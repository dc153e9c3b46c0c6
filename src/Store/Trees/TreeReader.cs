using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>Reads listings, side tables and contents below one snapshot. One for each thread.</summary>
public sealed class TreeReader(ArtifactReader artifacts)
{
    /// <summary>The entry of each source of a snapshot, without a name.</summary>
    /// <exception cref="AslException">TreeCorrupt, or an artifact cannot be read.</exception>
    public IReadOnlyList<Entry> Roots(Digest root) => [.. Parse(root, Entry.Read)];

    /// <summary>The entries of a directory, ascending by name, read as they are asked for.</summary>
    public IEnumerable<Entry> Listing(Entry directory)
    {
        Entry? previous = null;
        foreach (var entry in Sequence(directory.Content, Entry.Read))
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
    public IEnumerable<ContentItem> Leaves(IReadOnlyList<ContentItem> items)
    {
        foreach (var item in items)
        {
            if (item.Kind != ContentKind.List)
            {
                yield return item;
                continue;
            }

            foreach (var leaf in Leaves(ReadList(item)))
            {
                yield return leaf;
            }
        }
    }

    /// <summary>The items in a list artifact, checked: they must be of the next lower depth and together as long as the list says.</summary>
    public IReadOnlyList<ContentItem> ReadList(ContentItem list)
    {
        ContentItem[] items = [.. Parse(list.Key, ContentItem.Read)];

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
        Leaves(items).SelectMany(item => item.Kind == ContentKind.Artifact ? Parse(item.Key, read) : throw Corrupt("a listing has a hole"));

    private List<T> Parse<T>(Digest key, Func<CborReader, T> read)
    {
        var reader = CborExtensions.NewReader(artifacts.Read(key));
        List<T> elements = [];
        try
        {
            while (reader.BytesRemaining > 0)
            {
                elements.Add(read(reader));
            }
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Corrupt($"artifact {key.Short}… is malformed: {exception.Message}");
        }

        return elements;
    }

    private static AslException Corrupt(string why) => new(new AslError(ErrorCode.TreeCorrupt, "the tree of a snapshot is malformed")
    {
        Why = why + "; its bytes are as they were written, so the program that wrote it did not keep to the format",
        Fix = "report it with the output of: asl-admin verify",
    });
}
