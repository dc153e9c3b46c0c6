using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Checking;

/// <summary>What a verification found.</summary>
public sealed record VerifyReport
{
    /// <summary>Damage, each with file and offset. Empty: the store is whole.</summary>
    public required IReadOnlyList<AslError> Errors { get; init; }

    /// <summary>What is no damage and worth knowing: leftovers of runs that were not sealed.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public required int Snapshots { get; init; }

    public required int Blocks { get; init; }

    public required int Segments { get; init; }

    public required long Artifacts { get; init; }

    /// <summary>Bytes of blocks that were read and hashed; 0 without data.</summary>
    public required long DataBytes { get; init; }
}

/// <summary>
/// Checks a store from its seals down: logs, snapshots, segments, blocks, trees. Goes on after damage and reports all of it; writes nothing.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="withData">Read every block whole, decompress and hash each artifact; otherwise footers and listings only.</param>
public sealed class StoreVerifier(ArtifactStore store, bool withData)
{
    private readonly ConcurrentQueue<AslError> _errors = new();
    private readonly List<string> _notes = [];
    private readonly Dictionary<Digest, Snapshot> _snapshots = [];
    private readonly HashSet<Digest> _goodListings = [];
    private long _artifacts;
    private long _dataBytes;
    private long _blocksDone;
    private bool _isLogDamaged;

    /// <summary>Blocks dealt with so far, for a display on another thread.</summary>
    public long BlocksDone => Volatile.Read(ref _blocksDone);

    /// <summary>Blocks in all, once that is known.</summary>
    public long BlocksAll { get; private set; }

    /// <summary>Runs the verification.</summary>
    /// <param name="workers">Threads that read blocks.</param>
    /// <param name="cancellation">Ends it early.</param>
    public VerifyReport Run(int workers, CancellationToken cancellation)
    {
        CheckLogs();
        CheckSnapshots();
        var blocks = _snapshots.Values.SelectMany(snapshot => snapshot.Blocks).GroupBy(block => block.Name).Select(same => same.First()).ToList();
        BlocksAll = blocks.Count;
        Parallel.ForEach(Partitioner.Create(blocks, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation },
            () => new ArtifactDecoder(),
            (block, _, decoder) =>
            {
                CheckBlock(block, decoder);
                return decoder;
            },
            decoder => decoder.Dispose());
        var segments = CheckSegments();
        foreach (var (name, snapshot) in _snapshots)
        {
            cancellation.ThrowIfCancellationRequested();
            CheckTree(name, snapshot);
        }

        Guard(() => NoteLeftovers(blocks));
        return new()
        {
            Errors = [.. _errors.Distinct().OrderBy(error => error.Where, StringComparer.Ordinal)],
            Notes = _notes,
            Snapshots = _snapshots.Count,
            Blocks = blocks.Count,
            Segments = segments,
            Artifacts = _artifacts,
            DataBytes = _dataBytes,
        };
    }

    private void CheckLogs()
    {
        foreach (var domain in SealLog.ListDomains(store.Backend))
        {
            Guard(() =>
            {
                foreach (var seal in new SealLog(store.Backend, domain).Read())
                {
                    Guard(() => _snapshots[seal.Snapshot] = SnapshotCodec.Load(store.Backend, seal.Snapshot));
                }
            }, () => _isLogDamaged = true);
            foreach (var run in RunLog.ListRuns(store.Backend, domain))
            {
                Guard(() => CheckRun(domain, run));
            }
        }
    }

    /// <summary>The journal's chain, and every object that it refers to.</summary>
    private void CheckRun(string domain, string run)
    {
        var log = new RunLog(store.Backend, domain, run);
        var records = log.ReadJournal();
        foreach (var record in records)
        {
            var name = record.Text("checkpoint") ?? record.Text("draft");
            if (name is not null && Digest.TryParse(record.Text("digest"), out var digest))
            {
                Guard(() => log.Get(name, digest));
            }
        }

        var snapshot = _snapshots.Values.FirstOrDefault(snapshot => snapshot.Domain == domain && snapshot.Run == run);
        if (snapshot?.Journal is { } journal && !records.Any(record => record.Sequence == journal.Sequence && record.Hash == journal.Hash))
        {
            _errors.Enqueue(new AslError(ErrorCode.LogCorrupt, "a journal does not end as its snapshot says")
            {
                Where = $"{store.Backend.Location}/{ObjectName.RunFolder(domain, run)}, record {journal.Sequence}",
                Why = $"the snapshot names record {journal.Sequence} with hash {journal.Hash.Short}…, the journal has no such record",
                Fix = "the snapshot's data does not depend on it; keep both for the auditor",
            });
        }
    }

    /// <summary>
    /// Snapshots without a seal too. Where a log is damaged nobody can tell whether they have one, and what they refer to is checked as if
    /// they had.
    /// </summary>
    private void CheckSnapshots()
    {
        foreach (var item in store.Backend.List("snapshots").Where(item => Digest.TryParse(item.Name, out _)))
        {
            var name = Digest.Parse(item.Name);
            if (!_snapshots.ContainsKey(name))
            {
                Guard(() =>
                {
                    var snapshot = SnapshotCodec.Load(store.Backend, name);
                    if (_isLogDamaged)
                    {
                        _snapshots[name] = snapshot;
                    }
                });
            }
        }

        foreach (var (name, snapshot) in _snapshots.Where(pair => pair.Value.Format != store.Format.Digest))
        {
            _errors.Enqueue(new AslError(ErrorCode.FormatCorrupt, "format.toml is not what a snapshot was made with")
            {
                Where = $"{store.Backend.Location}/{ObjectName.Format}, offset 0",
                Why = $"it hashes to {store.Format.Digest.Short}…, snapshot {name.Short} says {snapshot.Format.Short}…",
                Fix = "put back the file that the store was made with; docs/store-format.md shows the usual one",
            });
        }
    }

    private void CheckBlock(AddedBlock block, ArtifactDecoder decoder)
    {
        Guard(() =>
        {
            var (footer, errors) = withData
                ? BlockCheck.Run(store.Backend, block.Name, decoder)
                : (BlockFooter.Read(store.Backend, block.Name), []);
            foreach (var error in errors)
            {
                _errors.Enqueue(error);
            }

            Interlocked.Add(ref _artifacts, footer.Entries.Count);
            Interlocked.Add(ref _dataBytes, withData ? footer.FileLength : 0);
            if (footer.FileLength != block.FileLength)
            {
                _errors.Enqueue(BlockFooter.Corrupt(store.Backend, block.Name, footer.FileLength, $"the snapshot says it is {block.FileLength} bytes long").Error);
            }
        });
        Interlocked.Increment(ref _blocksDone);
    }

    /// <summary>Every segment against what the blocks' footers make of it, byte for byte; so the offset of damage is known.</summary>
    private int CheckSegments()
    {
        var rebuild = new GroupRebuild(store.Backend, store.Format);
        foreach (var snapshot in _snapshots.Values)
        {
            rebuild.Add(snapshot);
        }

        var groups = _snapshots.Values.SelectMany(snapshot => snapshot.Groups)
            .GroupBy(group => string.Join(' ', group.Segments.Select(segment => segment.Name))).Select(same => same.First()).ToList();
        foreach (var group in groups)
        {
            Guard(() => CheckGroup(rebuild, group));
        }

        return groups.Sum(group => group.Segments.Count);
    }

    private void CheckGroup(GroupRebuild rebuild, SegmentGroup group)
    {
        if (!rebuild.Knows(group))
        {
            // A snapshot that says which blocks belong to the group cannot be read, which is reported already.
            CheckByThemselves(group);
            return;
        }

        var position = 0;
        try
        {
            rebuild.Render(group, (made, file) =>
            {
                if (position < group.Segments.Count)
                {
                    CompareSegment(group.Segments[position], made, file);
                }

                position++;
            });
        }
        catch (AslException exception)
        {
            // If the block is damaged, its own check found the same error, which is reported once.
            _errors.Enqueue(exception.Error);
            CheckByThemselves(group);
            return;
        }

        foreach (var stored in group.Segments.Skip(position))
        {
            _errors.Enqueue(Differs(stored.Name, 0));
        }

        if (position > group.Segments.Count)
        {
            _errors.Enqueue(Differs(group.Segments[^1].Name, 0) with { Why = $"the blocks' footers make {position} segments, the snapshot lists {group.Segments.Count}" });
        }
    }

    private void CheckByThemselves(SegmentGroup group)
    {
        foreach (var summary in group.Segments)
        {
            Guard(() =>
            {
                using var segment = Segment.Open(store.Backend, summary);
                _ = segment.ReadAll().Count();
            });
        }
    }

    private void CompareSegment(SegmentSummary stored, SegmentSummary made, ReadOnlySpan<byte> file)
    {
        byte[]? actual = null;
        Guard(() => actual = store.Backend.ReadAll(ObjectName.Segment(stored.Name)));
        var same = actual.AsSpan().CommonPrefixLength(file);
        if (actual is not null && (stored.Name != made.Name || same != file.Length || same != actual.Length))
        {
            _errors.Enqueue(Differs(stored.Name, same));
        }
    }

    private AslError Differs(Digest segment, int offset) => new(ErrorCode.SegmentCorrupt, $"segment {segment.Short} is corrupt")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"{store.Backend.Location}/{ObjectName.Segment(segment)}, offset {offset}"),
        Why = "from there on it differs from what the blocks' footers make",
        Fix = "move the file away, then: asl-debug rebuild-index   (no data is lost)",
    };

    private void CheckTree(Digest name, Snapshot snapshot)
    {
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var check = new TreeCheck(artifacts, index, _goodListings, (path, error) => _errors.Enqueue(error with
        {
            Why = $"{error.Why}; snapshot {name.Short} needs it for '{Printable.Bytes(path)}'",
        }));
        Guard(() => check.Run(snapshot));
    }

    private void NoteLeftovers(List<AddedBlock> blocks)
    {
        var leftovers = GcCheck.Run(store);
        if (leftovers.UnsealedRuns.Count > 0)
        {
            _notes.Add($"{leftovers.UnsealedRuns.Count} run(s) without a seal: asl-intake resume --store {store.Backend.Location}");
        }

        if (leftovers.UnreferencedBlocks.Count > 0)
        {
            _notes.Add($"{leftovers.UnreferencedBlocks.Count} block(s) belong to no sealed snapshot ({blocks.Count} do): asl-admin gc-check");
        }

        _notes.AddRange(leftovers.UnsealedFiles.Select(file => $"{file} was being written when something was interrupted; nothing refers to it"));
    }

    private void Guard(Action check, Action? onError = null)
    {
        try
        {
            check();
        }
        catch (AslException exception)
        {
            _errors.Enqueue(exception.Error);
            onError?.Invoke();
        }
    }
}
