using System.Globalization;
using System.Runtime.ExceptionServices;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Checking;

/// <summary>
/// Checks what can be read below one snapshot: its file, the segments that it pins, the blocks that these name, its trees. In steps, so that
/// whoever asks can show how far it is, and stop. Goes on after damage; writes nothing. One thread at a time.
/// </summary>
/// <remarks>
/// Each of these is named by the SHA-256 of its bytes, from the snapshot's name down: what passes is what was sealed. Whether segments are what their
/// blocks make of them, and whether logs and seals are whole, is asked by <see cref="StoreVerifier"/>.
/// </remarks>
public sealed class SnapshotVerifier : IDisposable
{
    /// <summary>So many findings are kept; the others are only counted.</summary>
    public const int FindingsMax = 100;

    private const int UnitsAtOnce = 1000;
    private readonly IBackend _backend;
    private readonly Digest _name;
    private readonly ArtifactDecoder? _decoder;
    private readonly List<AslError> _findings = [];
    private readonly SortedSet<Digest> _blocks = [];
    private readonly IEnumerator<int> _units;
    private TreeCheck? _trees;
    private ExceptionDispatchInfo? _failure;

    /// <param name="backend">The store, seen from the snapshot.</param>
    /// <param name="name">The snapshot's.</param>
    /// <param name="withData">Read every block whole, decompress and hash each artifact; otherwise their footers only.</param>
    public SnapshotVerifier(IBackend backend, Digest name, bool withData)
    {
        (_backend, _name, _decoder) = (backend, name, withData ? new ArtifactDecoder() : null);
        _units = Units().GetEnumerator();
    }

    /// <summary>The first findings, each with object and, where it is known, offset.</summary>
    public IReadOnlyList<AslError> Findings => _findings;

    /// <summary>All findings.</summary>
    public long FindingCount { get; private set; }

    /// <summary>Segments checked.</summary>
    public long Segments { get; private set; }

    /// <summary>Segments that there are; 0 until the snapshot was read.</summary>
    public long SegmentsAll { get; private set; }

    /// <summary>Blocks checked.</summary>
    public long Blocks { get; private set; }

    /// <summary>Blocks that there are, as far as whole segments name them.</summary>
    public long BlocksAll => _blocks.Count;

    /// <summary>Artifacts in the blocks that were checked.</summary>
    public long Artifacts { get; private set; }

    /// <summary>Entries of the trees that were walked; a folder that is met twice with the same content is walked once.</summary>
    public long Entries => _trees?.Entries ?? 0;

    /// <summary>Bytes of blocks that were read and hashed; 0 without data.</summary>
    public long DataBytes { get; private set; }

    /// <summary>Goes on by a block, a thousand rows of a segment, or a thousand entries.</summary>
    /// <returns>False when everything has been checked.</returns>
    /// <exception cref="AslException">The store cannot be reached: the check is over without a result, and each further step says so again.</exception>
    public bool Step()
    {
        _failure?.Throw();

        try
        {
            for (var units = 0; units < UnitsAtOnce; units += _units.Current)
            {
                if (!_units.MoveNext())
                {
                    return false;
                }
            }

            return true;
        }
#pragma warning disable CA1031 // whatever it is: without it the units would just be over, as if all had been checked
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _units.Dispose();
        _decoder?.Dispose();
    }

    /// <summary>Each unit is worth that part of <see cref="UnitsAtOnce"/> which it says.</summary>
    private IEnumerable<int> Units()
    {
        Snapshot? snapshot = null;
        Guard(() => snapshot = SnapshotCodec.Load(_backend, _name, pastCache: true));
        if (snapshot is null)
        {
            yield break;
        }

        var segments = snapshot.Groups.SelectMany(group => group.Segments).ToList();
        SegmentsAll = segments.Count;
        _blocks.UnionWith(snapshot.Blocks.Select(block => block.Name));
        yield return UnitsAtOnce;
        foreach (var unit in segments.SelectMany(CheckSegment))
        {
            yield return unit;
        }

        var lengths = new Dictionary<Digest, long>();
        foreach (var block in snapshot.Blocks.Where(block => !lengths.TryAdd(block.Name, block.FileLength)))
        {
            Report(new AslError(ErrorCode.SnapshotCorrupt, $"snapshot {_name.Short} is corrupt")
            {
                Where = $"{_backend.Location}/{ObjectName.Snapshot(_name)}, offset 0",
                Why = $"it lists block {block.Name.Short}… twice",
                Fix = "asl-admin snapshots   (shows others); report it",
            });
        }

        foreach (var block in _blocks)
        {
            Guard(() => CheckBlock(block, lengths.TryGetValue(block, out var length) ? length : null));
            Blocks++;
            yield return _decoder is null ? UnitsAtOnce / 20 : UnitsAtOnce;
        }

        using var index = new ArtifactIndex(_backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(_backend, index);
        _trees = new TreeCheck(artifacts, index, [], (path, error) => Report(error with { Why = $"{error.Why}; it is needed for '{Printable.Bytes(path)}'" }));
        using var steps = _trees.Steps(snapshot).GetEnumerator();
        var isLeft = true;
        while (isLeft)
        {
            isLeft = false;
            Guard(() => isLeft = steps.MoveNext());
            yield return 1;
        }
    }

    private IEnumerable<int> CheckSegment(SegmentSummary summary)
    {
        Segment? segment = null;
        Guard(() => segment = Segment.Open(_backend, summary, pastCache: true));
        if (segment is not null)
        {
            using var open = segment;
            using var rows = segment.ReadAll().GetEnumerator();
            var (isLeft, before) = (true, FindingCount);
            while (isLeft)
            {
                isLeft = false;
                Guard(() => isLeft = rows.MoveNext());
                yield return 1;
            }

            if (FindingCount == before)
            {
                Guard(() => _blocks.UnionWith(SegmentCheck.BlocksOf(_backend, summary.Name)));
            }
        }

        Segments++;
    }

    private void CheckBlock(Digest name, long? length)
    {
        var (footer, errors) = _decoder is null ? (BlockFooter.Read(_backend, name), []) : BlockCheck.Run(_backend, name, _decoder, pastCache: true);
        foreach (var error in errors)
        {
            Report(error);
        }

        Artifacts += footer.Entries.Count;
        DataBytes += _decoder is null ? 0 : footer.FileLength;
        if (length is { } said && said != footer.FileLength)
        {
            Report(BlockFooter.Corrupt(_backend, name, footer.FileLength, string.Create(CultureInfo.InvariantCulture, $"the snapshot says it is {said} bytes long")).Error);
        }
    }

    /// <summary>Damage is a finding; that the store cannot be reached is not, and ends the check.</summary>
    private void Guard(Action check)
    {
        try
        {
            check();
        }
        catch (AslException exception) when (IsFinding(exception.Error))
        {
            Report(exception.Error);
        }
    }

    private static bool IsFinding(AslError error) =>
        ExitCodes.For(error.Code) == ExitCodes.StoreDamaged || error.Code is ErrorCode.ArtifactMissing or ErrorCode.StoreIo;

    private void Report(AslError error)
    {
        FindingCount++;
        if (_findings.Count < FindingsMax && !_findings.Contains(error))
        {
            _findings.Add(error);
        }
    }
}
