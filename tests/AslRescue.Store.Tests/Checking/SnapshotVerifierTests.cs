using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Checking;

/// <summary>One snapshot, checked in steps: everything that it rests on, and nothing else.</summary>
public sealed class SnapshotVerifierTests
{
    [Fact]
    public void A_whole_snapshot_has_no_findings_and_is_counted()
    {
        using var backend = SmallStore.Create(3);
        using var verifier = Newest(backend, withData: true);
        Run(verifier);
        Assert.Empty(verifier.Findings);
        Assert.Equal(0, verifier.FindingCount);
        Assert.Equal(Length(backend, Objects(backend).Where(path => path.StartsWith("blocks/", StringComparison.Ordinal))), verifier.DataBytes);
        Assert.Equal((verifier.SegmentsAll, verifier.BlocksAll), (verifier.Segments, verifier.Blocks));
        Assert.Equal(6, verifier.Entries); // the folder and what lies in it
        Assert.True(verifier.Artifacts > 10);
    }

    [Fact]
    public void Without_data_no_block_is_read_whole()
    {
        using var backend = SmallStore.Create(3);
        using var verifier = Newest(backend, withData: false);
        Run(verifier);
        Assert.Equal((0, 0), (verifier.FindingCount, verifier.DataBytes));
        Assert.Equal(verifier.BlocksAll, verifier.Blocks);
    }

    [Fact]
    public void A_flip_of_any_byte_that_a_snapshot_rests_on_is_found_and_its_file_named()
    {
        using var whole = SmallStore.Create(3);
        var positions = Objects(whole).SelectMany(path => Enumerable.Range(0, whole[path].Length).Where(offset => offset % 3 == 0).Select(offset => (path, offset))).ToList();
        Assert.True(positions.Count > 3000);
        var missed = new ConcurrentBag<string>();
        Parallel.ForEach(Partitioner.Create(0, positions.Count, 200), range =>
        {
            using var backend = whole.Copy();
            for (var index = range.Item1; index < range.Item2; index++)
            {
                var (path, offset) = positions[index];
                backend[path][offset] ^= (byte)(1 << (index % 8));
                using var verifier = Verifier(backend, NewestName(whole), withData: true);
                Run(verifier);
                if (!verifier.Findings.Any(error => error.Where?.Contains(path, StringComparison.Ordinal) == true && error.Where.Contains("offset", StringComparison.Ordinal)))
                {
                    missed.Add($"{path}, offset {offset}");
                }

                backend[path][offset] ^= (byte)(1 << (index % 8));
            }
        });
        Assert.Empty(missed);
    }

    [Fact]
    public void An_object_that_is_gone_or_cut_short_is_found_and_the_rest_is_checked()
    {
        using var whole = SmallStore.Create(3);
        var name = NewestName(whole);
        foreach (var path in Objects(whole))
        {
            foreach (var isGone in new[] { true, false })
            {
                using var backend = whole.Copy();
                var other = Objects(whole).Last(item => item.StartsWith("blocks/", StringComparison.Ordinal) && item != path);
                backend[other][40] ^= 1;
                if (isGone)
                {
                    backend.Remove(path);
                }
                else
                {
                    backend[path] = backend[path][..^1];
                }

                using var verifier = Verifier(backend, name, withData: true);
                Run(verifier);
                Assert.Contains(verifier.Findings, error => error.Where!.Contains(path, StringComparison.Ordinal));
                Assert.True(path.StartsWith("snapshots/", StringComparison.Ordinal)
                    || verifier.Findings.Any(error => error.Where!.Contains(other, StringComparison.Ordinal)), $"with {path} damaged");
            }
        }
    }

    [Fact]
    public void What_a_snapshot_does_not_rest_on_may_be_damaged()
    {
        using var backend = SmallStore.Create(3);
        var objects = Objects(backend);
        foreach (var path in backend.Paths.Where(path => !objects.Contains(path) && path != ObjectName.Format.Path))
        {
            backend[path] = [];
        }

        using var verifier = Verifier(backend, Digest.Parse(Path.GetFileName(objects.Single(path => path.StartsWith("snapshots/", StringComparison.Ordinal)))), withData: true);
        Run(verifier);
        Assert.Empty(verifier.Findings);
    }

    [Fact]
    public void Findings_are_kept_up_to_a_bound_and_counted_beyond()
    {
        using var backend = SmallStore.Create(1);
        var snapshot = ArtifactStore.Open(backend).Find("latest").Snapshot;
        var gone = Enumerable.Range(0, 150).Select(index => new AddedBlock(Digest.Of([(byte)index]), 1000, BlockContent.Chunks));
        var file = SnapshotCodec.Encode(snapshot with { Blocks = [.. gone] });
        backend.CreateSealed(ObjectName.Snapshot(Digest.Of(file)), file);
        using var verifier = Verifier(backend, Digest.Of(file), withData: true);
        Run(verifier);
        Assert.Equal((150, SnapshotVerifier.FindingsMax), (verifier.FindingCount, verifier.Findings.Count));
    }

    [Fact]
    public void A_block_that_is_listed_twice_is_a_finding()
    {
        using var backend = SmallStore.Create(1);
        var snapshot = ArtifactStore.Open(backend).Find("latest").Snapshot;
        var file = SnapshotCodec.Encode(snapshot with { Blocks = [.. snapshot.Blocks, .. snapshot.Blocks] });
        backend.CreateSealed(ObjectName.Snapshot(Digest.Of(file)), file);
        using var verifier = Verifier(backend, Digest.Of(file), withData: true);
        Run(verifier);
        Assert.Contains(verifier.Findings, error => error.Why!.EndsWith("twice", StringComparison.Ordinal));
    }

    [Fact]
    public void A_check_that_broke_off_is_never_taken_for_a_check_of_all()
    {
        using var backend = SmallStore.Create(1);
        using var broken = new BrokenBackend(backend);
        using var verifier = new SnapshotVerifier(broken, NewestName(backend), withData: true);
        Assert.Throws<OutOfMemoryException>(() => Run(verifier));
        Assert.Throws<OutOfMemoryException>(() => verifier.Step());
    }

    [Fact]
    public void A_store_that_is_out_of_reach_is_no_finding_and_no_success()
    {
        using var backend = SmallStore.Create(2);
        var name = NewestName(backend);
        for (var failAt = 1; ; failAt++)
        {
            using var away = new GoneBackend(backend, failAt);
            using var verifier = new SnapshotVerifier(away, name, withData: true);
            if (Record.Exception(() => Run(verifier)) is not { } first)
            {
                Assert.InRange(failAt, 8, 100);
                return;
            }

            Assert.Equal(ErrorCode.EndpointUnreachable, Assert.IsType<AslException>(first).Error.Code);
            Assert.Equal(ErrorCode.EndpointUnreachable, Assert.Throws<AslException>(() => verifier.Step()).Error.Code);
            Assert.Equal(0, verifier.FindingCount);
        }
    }

    [Fact]
    public void A_disk_that_fails_under_the_store_is_a_finding()
    {
        using var backend = SmallStore.Create(2);
        var name = NewestName(backend);
        using var counting = new FaultyBackend(backend, 0);
        using (var verifier = new SnapshotVerifier(counting, name, withData: true))
        {
            Run(verifier);
        }

        for (var failAt = 1; failAt <= counting.Calls; failAt++)
        {
            using var faulty = new FaultyBackend(backend, failAt);
            using var verifier = new SnapshotVerifier(faulty, name, withData: true);
            Run(verifier);
            Assert.True(verifier.FindingCount > 0, $"call {failAt} failed");
        }
    }

    private static void Run(SnapshotVerifier verifier)
    {
        while (verifier.Step())
        {
        }
    }

    private static SnapshotVerifier Newest(MemoryBackend backend, bool withData) => Verifier(backend, NewestName(backend), withData);

    private static SnapshotVerifier Verifier(IBackend backend, Digest name, bool withData) => new(backend, name, withData);

    private static Digest NewestName(MemoryBackend backend) => ArtifactStore.Open(backend).Find("latest").Name;

    /// <summary>All that the newest snapshot rests on, its own file among it.</summary>
    private static List<string> Objects(MemoryBackend backend)
    {
        var (name, snapshot) = ArtifactStore.Open(backend).Find("latest");
        var segments = snapshot.Groups.SelectMany(group => group.Segments).Select(segment => segment.Name).ToList();
        return
        [
            ObjectName.Snapshot(name).Path,
            .. segments.Select(segment => ObjectName.Segment(segment).Path),
            .. segments.SelectMany(segment => Store.Segments.SegmentCheck.BlocksOf(backend, segment)).Distinct().Select(block => ObjectName.Block(block).Path),
        ];
    }

    private static long Length(MemoryBackend backend, IEnumerable<string> paths) => paths.Sum(path => (long)backend[path].Length);

    /// <summary>Of which a block cannot even be asked for: there is no memory left.</summary>
    private sealed class BrokenBackend(IBackend inner) : IBackend
    {
        public string Location => inner.Location;

        public IStoredObject? Open(ObjectName name, bool pastCache = false) =>
            name.Path.StartsWith("blocks/", StringComparison.Ordinal) ? throw new OutOfMemoryException() : inner.Open(name, pastCache);

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => inner.TryCreate(name, content);

        public IEnumerable<FolderItem> List(string folder) => inner.List(folder);

        public IDisposable? TryLease(string domain, string run) => inner.TryLease(domain, run);

        public void Dispose()
        {
        }
    }

    /// <summary>A server that cannot be reached any more from the n-th call on.</summary>
    private sealed class GoneBackend(IBackend inner, int failAt) : IBackend
    {
        private int _calls;

        public string Location => inner.Location;

        public IStoredObject? Open(ObjectName name, bool pastCache = false) => ++_calls < failAt
            ? inner.Open(name, pastCache)
            : throw new AslException(new AslError(ErrorCode.EndpointUnreachable, "the endpoint cannot be reached") { Fix = "none", IsPermanent = false });

        public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => throw new NotSupportedException();

        public IEnumerable<FolderItem> List(string folder) => inner.List(folder);

        public IDisposable? TryLease(string domain, string run) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
