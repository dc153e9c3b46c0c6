using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.LibAsl.Reading;

/// <summary>An entry of a tree that is open. Reads of its bytes go one after the other; all else may be asked by any number of threads.</summary>
internal sealed class Node : Resource
{
    private const int BytesAtOnce = 1 << 30;
    private readonly Lock _lock = new();
    private ContentReader? _content;

    /// <param name="snapshot">Held for as long as the node is open.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="path">For messages: raw, from the root of its source.</param>
    internal Node(OpenedSnapshot snapshot, Entry entry, byte[] path)
        : base(HandleKind.Node)
    {
        snapshot.Hold();
        (Snapshot, Entry, Path) = (snapshot, entry, path);
    }

    internal OpenedSnapshot Snapshot { get; }

    internal Entry Entry { get; }

    internal byte[] Path { get; }

    internal static unsafe NodeInfo Describe(Entry entry)
    {
        var (major, minor) = entry.Device ?? default;
        var info = new NodeInfo
        {
            Kind = (int)entry.Kind,
            Mode = entry.Permissions,
            User = entry.User,
            Group = entry.Group,
            Problems = entry.Problems.Aggregate(0u, (bits, problem) => bits | (1u << ((int)problem & 31))),
            ModifiedSeconds = entry.Modified.Seconds,
            ModifiedNanoseconds = entry.Modified.Nanoseconds,
            AttributeCount = (uint)entry.Attributes.Count,
            DeviceMajor = major,
            DeviceMinor = minor,
            Size = (ulong)entry.Size,
            TargetLength = (uint)(entry.Target?.Length ?? 0),
            HardLinkLength = (uint)(entry.HardLink?.Length ?? 0),
            NameLength = (uint)entry.Name.Length,
        };
        Results.Field(entry.Name, new Span<byte>(info.Name, 256));
        return info;
    }

    /// <exception cref="AslException">ArgumentInvalid: there is no such text.</exception>
    internal byte[] Text(NodeText which) => which switch
    {
        NodeText.Name => Entry.Name,
        NodeText.Target => Entry.Target,
        NodeText.HardLink => Entry.HardLink,
        _ => throw LibraryErrors.Argument("which", "a node has no such text"),
    } ?? [];

    /// <exception cref="AslException">ArgumentInvalid: there is no such attribute.</exception>
    internal ExtendedAttribute Attribute(uint index) => index < Entry.Attributes.Count ? Entry.Attributes[(int)index]
        : throw LibraryErrors.Argument("index", $"the node has {Entry.Attributes.Count} attributes, counted from 0");

    /// <summary>Reads as asl_node_read says; gives the status. The length is 0 at first.</summary>
    /// <exception cref="AslException">The node has no bytes, or the store is damaged at the offset.</exception>
    internal unsafe int Read(ulong offset, byte* target, ulong capacity, ulong* length)
    {
        if (IsUnread)
        {
            return KeepUnread();
        }

        lock (_lock)
        {
            var content = Content_NeedsLock();
            while (*length < capacity && offset < (ulong)content.Map.Length)
            {
                var part = new Span<byte>(target + *length, (int)Math.Min(capacity - *length, BytesAtOnce));
                var read = ReadPart(content, (long)offset, part, *length > 0, out var bad);
                *length += (ulong)read;
                offset += (ulong)read;
                if (bad is { } range && *length == 0)
                {
                    return LastError.Keep(LibraryErrors.Unreadable(Path, range), range.Start, range.Item.Length, range.Item.Detail);
                }

                if (read < part.Length)
                {
                    break; // The end, a bad range or damage: who asks again from there is told which.
                }
            }
        }

        return Edge.Ok;
    }

    /// <summary>Fills an array as asl_node_map says; gives the status. The count is 0 at first.</summary>
    /// <exception cref="AslException">The node has no bytes, or a list cannot be read.</exception>
    internal unsafe int Map(ulong offset, Extent* extents, uint capacity, uint* count)
    {
        if (IsUnread)
        {
            return KeepUnread();
        }

        lock (_lock)
        {
            var map = Content_NeedsLock().Map;
            foreach (var extent in offset < (ulong)map.Length ? map.From((long)offset).Take((int)Math.Min(capacity, int.MaxValue)) : [])
            {
                extents[*count] = ToExtent(extent);
                ++*count;
            }
        }

        return Edge.Ok;
    }

    protected override void Free() => Snapshot.Release();

    /// <summary>Whether it has no bytes because nobody could read it: an empty file would be another thing.</summary>
    private bool IsUnread => Entry.HasBytes && Entry.Size == 0 && (Entry.Problems.Contains(ProblemKind.Unreadable) || Entry.Problems.Contains(ProblemKind.Vanished));

    private int KeepUnread() => LastError.Keep(LibraryErrors.NotRead(Path, Entry.Problems));

    private ContentReader Content_NeedsLock() => _content ??= Entry.HasBytes
        ? new ContentReader(Snapshot.Artifacts, Entry.Content)
        : throw LibraryErrors.Argument("node", $"'{Printable.Bytes(Path)}' is a {Entry.Kind}, and only files and images have bytes");

    private static int ReadPart(ContentReader content, long offset, Span<byte> part, bool hasMore, out ContentExtent? bad)
    {
        try
        {
            return content.Read(offset, part, out bad);
        }
        catch (AslException) when (hasMore)
        {
            bad = null;
            return 0;
        }
    }

    private static unsafe Extent ToExtent(in ContentExtent extent)
    {
        var item = extent.Item;
        var result = new Extent
        {
            Offset = (ulong)extent.Start,
            Length = (ulong)item.Length,
            Kind = (int)(item.Kind switch { ContentKind.Hole => ExtentKind.Hole, ContentKind.BadRange => ExtentKind.Bad, _ => ExtentKind.Data }),
            Error = item.Kind == ContentKind.BadRange ? item.Detail : 0,
        };
        if (item.Kind == ContentKind.Artifact)
        {
            item.Key.Span.CopyTo(new Span<byte>(result.Key, 32));
        }

        return result;
    }
}
