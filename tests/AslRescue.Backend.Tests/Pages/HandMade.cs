using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Blocks;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>A snapshot made entry by entry: with names, lies and damages that no file system of a test machine has.</summary>
internal sealed class HandMade : IDisposable
{
    private static readonly FileTime Time = new(1_790_000_000, 123_456_789);
    private readonly ArtifactStore _store;
    private readonly ArtifactIndex _nothing;
    private readonly BlockWriter _blocks;

    internal HandMade(ArtifactStore store)
    {
        _store = store;
        _nothing = new ArtifactIndex(store.Backend, []);
        _blocks = new BlockWriter(store.Backend, store.Format, _nothing, [], () => null, _ => { });
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _nothing.Dispose();
    }

    internal static ContentItem Bad(long length) => ContentItem.BadRange(length, Errno.EIO);

    internal ContentItem Chunk(byte[] bytes)
    {
        var key = Digest.Of(bytes);
        _blocks.Append(key, bytes);
        return ContentItem.Artifact(key, bytes.Length);
    }

    internal Entry File(string name, params ContentItem[] items) => File(Encoding.UTF8.GetBytes(name), items);

    internal Entry File(byte[] name, params ContentItem[] items)
    {
        var content = new ContentWriter(raw => _blocks.Put(raw));
        foreach (var item in items)
        {
            content.Add(item);
        }

        return new()
        {
            Name = name, Kind = EntryKind.File, Permissions = 0x1a4, User = 1000, Group = 1000, Modified = Time, Size = items.Sum(item => item.Length), Content = content.Finish(),
            Problems = items.Any(item => item.Kind == ContentKind.BadRange) ? [ProblemKind.BadRanges] : [],
        };
    }

    internal Entry Folder(string name, params Entry[] entries)
    {
        var listing = new SequenceWriter(raw => _blocks.Put(raw));
        foreach (var entry in entries.OrderBy(entry => entry.Name, Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right))))
        {
            listing.Add(entry.Write);
        }

        return new() { Name = Encoding.UTF8.GetBytes(name), Kind = EntryKind.Directory, Permissions = 0x1ed, User = 1000, Group = 1000, Modified = Time, Size = entries.Length, Content = listing.Finish() };
    }

    /// <summary>Seals a snapshot of one source.</summary>
    internal Digest Seal(string domain, Entry root, params Problem[] problems) => Seal(domain, [(new SnapshotSource("/mnt/old/home"u8.ToArray(), 0, null, (8, 1), 0xef53), root)], problems);

    /// <summary>Seals a snapshot.</summary>
    internal Digest Seal(string domain, (SnapshotSource Source, Entry Root)[] sources, Problem[] problems)
    {
        var roots = new System.Formats.Cbor.CborWriter(System.Formats.Cbor.CborConformanceMode.Canonical, allowMultipleRootLevelValues: true);
        foreach (var (_, root) in sources)
        {
            root.Write(roots);
        }

        var list = new SequenceWriter(raw => _blocks.Put(raw));
        foreach (var problem in problems)
        {
            list.Add(problem.Write);
        }

        var (key, items) = (_blocks.Put(roots.Encode()), list.Finish());
        var (blocks, entries) = _blocks.Finish();
        var snapshot = new Snapshot
        {
            Domain = domain, Run = "20260921T140507Z-7f3a", Started = Time, Created = new(Time.Seconds + 4321, 0), Root = key, Side = [], Sources = [.. sources.Select(pair => pair.Source)],
            Groups = [new SegmentGroup(["run"], SegmentGroupWriter.Write(entries, _store.Format, _store.Backend))], Blocks = blocks,
            Counts = new() { Entries = 181_204, Files = 163_008, Directories = 18_077, SourceBytes = 48_318_382_080, ReadBytes = 48_290_000_000, AddedArtifacts = 1_204_331, AddedRawBytes = 45_100_000_000, AddedStoredBytes = 31_400_000_000, BadBytes = 4608 },
            Case = new("2026-0417", "R. Okafor", "mail server, crashed 2026-09-20; disk replaced afterwards"), ProblemCount = problems.Length, Problems = items,
            Origin = new("rescue", "4c1f", "asl-intake 0.1.0", "libzstd 1.5.7"), Journal = (12, default), Format = _store.Format.Digest,
            Evidence = [new("decision.json", [1]), new("intake.toml", [2]), new("preflight.toml", [3])],
        };
        var file = SnapshotCodec.Encode(snapshot);
        var name = Digest.Of(file);
        _store.Backend.TryCreate(Store.Backends.ObjectName.Snapshot(name), file);
        new SealLog(_store.Backend, domain).Append(name, snapshot.Run, DateTimeOffset.FromUnixTimeSeconds(Time.Seconds + 4322));
        return name;
    }
}
