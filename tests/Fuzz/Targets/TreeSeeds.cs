using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Fuzz.Targets;

/// <summary>
/// Trees out of artifacts that an input gives: each is two bytes of length and its bytes. A key in one, 0x58 0x20 and 32 bytes, is made the key of one that comes
/// behind it, so that listings and lists lead somewhere. The first is the root.
/// </summary>
internal static class TreeSeeds
{
    private const int ArtifactsMax = 64;

    /// <summary>A tree may be made so that walking it takes for ever: whoever walks one from elsewhere has a limit, as here.</summary>
    private static readonly TimeSpan WalkTimeMax = TimeSpan.FromMilliseconds(100);

    internal static void Walk(byte[] bytes)
    {
        using var backend = new MemoryBackend();
        var artifacts = Linked(Cut(bytes));
        if (artifacts.Count == 0)
        {
            return;
        }

        var snapshot = Store(backend, artifacts);
        using var index = new ArtifactIndex(backend, snapshot.Groups);
        using var reader = new ArtifactReader(backend, index);
        using var limit = new CancellationTokenSource(WalkTimeMax);
        FuzzTarget.Refusing(
            () =>
            {
                new TreeCheck(reader, index, [], (_, error) => FuzzTarget.Holds(error.What.Length > 0, "an error without words"), limit.Token).Run(snapshot);
                return true;
            },
            typeof(OperationCanceledException));
    }

    internal static IEnumerable<(string Name, byte[] Content)> Content()
    {
        var (hole, artifact) = (ContentItem.Hole(4096), ContentItem.Artifact(Digest.Of("a"u8), 5));
        yield return ("kinds", Encoded([hole, artifact, ContentItem.BadRange(512, 5), ContentItem.BadRange(512, -5), ContentItem.List(Digest.Of("b"u8), 1L << 40, 8)]));
        yield return ("one", Encoded([artifact]));
    }

    internal static IEnumerable<(string Name, byte[] Content)> Trees()
    {
        foreach (var (name, listing) in Fixtures.Artifacts(Entry.Read))
        {
            var writer = CborExtensions.NewWriter();
            new Entry { Kind = EntryKind.Directory, Permissions = 0x1ed, Content = [ContentItem.Artifact(default, listing.Length)] }.Write(writer);
            yield return (name, Joined([writer.Encode(), listing, "a chunk"u8.ToArray()]));
        }

        var list = CborExtensions.NewWriter();
        new Entry { Kind = EntryKind.Directory, Permissions = 0x1ed, Content = [ContentItem.List(default, 10, 1)] }.Write(list);
        yield return ("lists", Joined([list.Encode(), Encoded([ContentItem.Artifact(default, 3), ContentItem.Artifact(default, 7)]), [0xa1, 1, 7]]));
    }

    internal static IEnumerable<(string Name, byte[] Content)> Signatures()
    {
        var seed = SeededBytes.Of(1, SnapshotSignature.KeyBytes);
        yield return ("good", [.. SnapshotSignature.PublicKey(seed), .. SnapshotSignature.Sign(seed, Digest.Of("a snapshot"u8))]);
        yield return ("zero", new byte[SnapshotSignature.KeyBytes + SnapshotSignature.Bytes]);
    }

    private static byte[] Encoded(ContentItem[] items)
    {
        var writer = CborExtensions.NewWriter();
        Array.ForEach(items, item => item.Write(writer));
        return writer.Encode();
    }

    private static byte[] Joined(IEnumerable<byte[]> parts) => [.. parts.SelectMany(part => (byte[])[(byte)(part.Length >> 8), (byte)part.Length, .. part])];

    private static List<byte[]> Cut(byte[] bytes)
    {
        List<byte[]> parts = [];
        for (var at = 0; at + 2 < bytes.Length && parts.Count < ArtifactsMax;)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at)), bytes.Length - at - 2);
            parts.Add(bytes[(at + 2)..(at + 2 + length)]);
            at += 2 + length;
        }

        return parts;
    }

    /// <summary>From the last to the first, since a key is known once its artifact is.</summary>
    private static List<byte[]> Linked(List<byte[]> parts)
    {
        for (var number = parts.Count - 2; number >= 0; number--)
        {
            var (part, behind) = (parts[number], parts.Count - number - 1);
            for (var at = 0; at + 34 <= part.Length; at++)
            {
                if (part[at] == 0x58 && part[at + 1] == 0x20)
                {
                    Digest.Of(parts[number + 1 + (part[at + 2] % behind)]).Span.CopyTo(part.AsSpan(at + 2));
                    at += 33;
                }
            }
        }

        return parts;
    }

    private static Snapshot Store(MemoryBackend backend, List<byte[]> artifacts)
    {
        var format = new StoreFormat { FrameBytes = 4096 };
        using var nothing = new ArtifactIndex(backend, []);
        using var writer = new BlockWriter(backend, format, nothing, [], () => null, _ => { });
        foreach (var artifact in artifacts.DistinctBy(bytes => Digest.Of(bytes)))
        {
            writer.Append(Digest.Of(artifact), artifact);
        }

        var (blocks, entries) = writer.Finish();
        var (groups, _) = GroupMerge.Run(backend, format, [], "run", entries);
        var last = artifacts[^1];
        return new()
        {
            Domain = "lab",
            Run = "run",
            Started = default,
            Created = default,
            Root = Digest.Of(artifacts[0]),
            Side = [ContentItem.Artifact(Digest.Of(last), Math.Max(1, last.Length))],
            Sources = [new("/source"u8.ToArray(), 0, null, (8, 1), 0)],
            Groups = groups,
            Blocks = blocks,
            Counts = new(),
            Problems = [ContentItem.Artifact(Digest.Of(last), Math.Max(1, last.Length))],
            Origin = new("", "", "", ""),
            Format = format.Digest,
        };
    }
}
