using System.Buffers.Binary;
using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Inspection;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Fuzz.Targets;

/// <summary>The objects of a store: as bytes, and with checksums and names made right, so that what lies behind them is reached.</summary>
internal static class StoreTargets
{
    internal static IEnumerable<FuzzTarget> All =>
    [
        new("block", Block) { BytesFixed = 80 << 20, Seeds = () => Fixtures.Objects("blocks/") },
        new("segment", Segment) { Seeds = () => Fixtures.Objects("segments/") },
        new("snapshot", Snapshot) { Seeds = () => Fixtures.Objects("snapshots/").Concat(Fixtures.Objects("draft-")) },
        new("listing", bytes => Sequence(bytes, Entry.Read, (entry, writer) => entry.Write(writer))) { Seeds = () => Fixtures.Artifacts(Entry.Read) },
        new("content", bytes => Sequence(bytes, ContentItem.Read, (item, writer) => item.Write(writer))) { Seeds = TreeSeeds.Content },
        new("side", bytes => Sequence(bytes, SideRecord.Read, (record, writer) => record.Write(writer))) { Seeds = () => Fixtures.Artifacts(SideRecord.Read) },
        new("problems", bytes => Sequence(bytes, Problem.Read, (problem, writer) => problem.Write(writer))) { Seeds = () => Fixtures.Artifacts(Problem.Read) },
        new("tree", TreeSeeds.Walk) { BytesFixed = 256 << 20, InputBytesMax = 4 << 10, Seeds = TreeSeeds.Trees },
        new("format-toml", bytes => FuzzTarget.Refusing(() => StoreFormat.Parse("format.toml", bytes))) { Seeds = () => [("usual", new StoreFormat().ToBytes())] },
        new("signature", Signature) { InputBytesMax = 96, Seeds = TreeSeeds.Signatures },
        new("object-path", ObjectPaths) { InputBytesMax = 512, Seeds = () => Fixtures.Paths() },
        new("inspect", Inspect) { BytesFixed = 160 << 20, Seeds = () => Fixtures.Objects("") },
    ];

    private static void Block(byte[] bytes)
    {
        using var decoder = new ArtifactDecoder();
        foreach (var content in (byte[][])[bytes, BlockRepair.Of(bytes)])
        {
            var name = BlockRepair.NameOf(content);
            using var backend = new MemoryBackend { [ObjectName.Block(name).Path] = content };
            FuzzTarget.Refusing(() => BlockCheck.Run(backend, name, decoder).Errors.Count);
        }
    }

    private static void Segment(byte[] bytes)
    {
        foreach (var content in (byte[][])[bytes, SegmentRepair.Of(bytes)])
        {
            var name = Digest.Of(content);
            using var backend = new MemoryBackend { [ObjectName.Segment(name).Path] = content };
            FuzzTarget.Refusing(() => SegmentCheck.BlocksOf(backend, name).Count);
            FuzzTarget.Refusing(() =>
            {
                SegmentCheck.Run(backend, name, backend, _ => true); // Blocks are missing: all that comes before is looked at.
                return true;
            });
            FuzzTarget.Refusing(() =>
            {
                using var segment = Store.Segments.Segment.Open(backend, SegmentRepair.Summary(content, name));
                foreach (var entry in segment.ReadAll().ToList()) // Only the last row says that the others count.
                {
                    FuzzTarget.Holds(segment.TryFind(entry.Key, out var place) && place == entry.Location && segment.Contains(entry.Key), "a row that is there is not found");
                }

                return segment.TryFind(name, out _);
            });
        }
    }

    private static void Snapshot(byte[] bytes)
    {
        if (FuzzTarget.Refusing(() => SnapshotCodec.Decode("snapshot", bytes)) is { } snapshot)
        {
            FuzzTarget.Holds(snapshot.Groups.All(group => group.Count > 0) && snapshot.Blocks.Sum(block => block.FileLength) >= 0, "numbers that cannot be added up");
            var encoded = SnapshotCodec.Encode(snapshot);
            FuzzTarget.Holds(SnapshotCodec.Encode(SnapshotCodec.Decode("snapshot", encoded)).AsSpan().SequenceEqual(encoded), "a snapshot is not stable");
        }
    }

    /// <summary>What TreeReader does with the bytes of an artifact; the three exceptions are those that it turns into a TreeCorrupt.</summary>
    private static void Sequence<T>(byte[] bytes, Func<CborReader, T> read, Action<T, CborWriter> write)
    {
        if (FuzzTarget.Refusing(() => Read(bytes, read), Malformed) is { Count: > 0 } elements)
        {
            var encoded = Write(elements, write);
            FuzzTarget.Holds(Write(Read(encoded, read), write).AsSpan().SequenceEqual(encoded), "elements are not stable");
        }
    }

    internal static readonly Type[] Malformed = [typeof(CborContentException), typeof(InvalidOperationException), typeof(OverflowException)];

    internal static List<T> Read<T>(byte[] bytes, Func<CborReader, T> read)
    {
        var reader = CborExtensions.NewReader(bytes);
        List<T> elements = [];
        while (reader.BytesRemaining > 0)
        {
            elements.Add(read(reader));
        }

        return elements;
    }

    private static byte[] Write<T>(List<T> elements, Action<T, CborWriter> write)
    {
        var writer = CborExtensions.NewWriter();
        elements.ForEach(element => write(element, writer));
        return writer.Encode();
    }

    private static void Signature(byte[] bytes)
    {
        var key = bytes.AsSpan(0, Math.Min(SnapshotSignature.KeyBytes, bytes.Length));
        _ = SnapshotSignature.IsGood(key, Digest.Of("a snapshot"u8), bytes.AsSpan(key.Length));
    }

    private static void ObjectPaths(byte[] bytes)
    {
        var text = System.Text.Encoding.UTF8.GetString(bytes);
        if (ObjectPath.TryParse(text) is { } path)
        {
            FuzzTarget.Holds(!text.Contains("..", StringComparison.Ordinal) || !text.Split('/').Contains(".."), "a path leads up");
            FuzzTarget.Holds(path.Name.Path == text, "a path is not what it was");
        }

        _ = Digest.TryParse(text, out _);
        _ = Store.Backends.Http.Digests.Parse(text);
        if (Backend.Pages.PercentBytes.Decode(text) is { } raw)
        {
            FuzzTarget.Holds(Backend.Pages.PercentBytes.Decode(Backend.Pages.PercentBytes.Encode(raw)).AsSpan().SequenceEqual(raw), "an escaped name is not stable");
        }
    }

    private static void Inspect(byte[] bytes)
    {
        var name = Digest.Of("an object"u8);
        using var backend = new MemoryBackend { [ObjectName.Segment(name).Path] = bytes };
        using var file = InspectedFile.Open(backend, ObjectName.Segment(name))!;
        var block = new InspectedBlock(file);
        using var check = new FrameCheck(file, block.Shift);
        _ = block.Frames().Concat(block.FoundFrames()).Sum(frame => check.Run(frame, isDeep: true).Damages.Count);
        _ = new InspectedSegment(file).Survey();
        _ = new InspectedSnapshot(file).Fields.Sum(field => CborText.Of(field.Value, 200).Length);
        _ = InspectedLog.Journal().Read(file).Count() + InspectedLog.Seals().Read(file).Count();
        var guess = ObjectGuesses.Of(file);
        _ = FieldMap.Of(file, guess, FirstDamage.Of(file, guess), bytes.Length).Count();
    }
}
