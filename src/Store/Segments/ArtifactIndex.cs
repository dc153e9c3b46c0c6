using AslRescue.Shared;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Segments;

/// <summary>
/// Looks artifacts up in the groups that a snapshot pins, and nowhere else: what came later is not seen. Segments are opened when
/// they are first needed. Any number of threads may look things up.
/// </summary>
public sealed class ArtifactIndex : IDisposable
{
    private readonly OpenedSegment[][] _groups;

    /// <param name="backend">Where the segments lie.</param>
    /// <param name="groups">Oldest first, as in a snapshot.</param>
    public ArtifactIndex(IBackend backend, IReadOnlyList<SegmentGroup> groups)
    {
        Groups = groups;
        _groups =
        [
            .. groups.Reverse().Select(group => group.Segments
                .Select(summary => new OpenedSegment(backend, summary)).ToArray()),
        ];
    }

    /// <summary>The groups, oldest first.</summary>
    public IReadOnlyList<SegmentGroup> Groups { get; }

    /// <summary>The place of an artifact.</summary>
    /// <exception cref="Shared.Errors.AslException">A segment is missing or damaged.</exception>
    public bool TryFind(Digest key, out ArtifactLocation location)
    {
        foreach (var segment in Candidates(key))
        {
            if (segment.TryFind(key, out location))
            {
                return true;
            }
        }

        location = default;
        return false;
    }

    /// <summary>Whether the snapshot holds the artifact.</summary>
    /// <exception cref="Shared.Errors.AslException">A segment is missing or damaged.</exception>
    public bool Contains(Digest key)
    {
        foreach (var segment in Candidates(key))
        {
            if (segment.Contains(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var segment in _groups.SelectMany(group => group))
        {
            segment.Dispose();
        }
    }

    /// <summary>The segments that may have the key, newest group first; at most one of each group.</summary>
    private IEnumerable<Segment> Candidates(Digest key)
    {
        for (var index = 0; index < _groups.Length; index++)
        {
            if (FindSegment(Groups[Groups.Count - 1 - index].Segments, key) is var segment and >= 0)
            {
                yield return _groups[index][segment].Value;
            }
        }
    }

    /// <summary>The one segment of a group whose range holds the key, or −1.</summary>
    private static int FindSegment(IReadOnlyList<SegmentSummary> segments, Digest key)
    {
        var (low, high) = (0, segments.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = segments[middle].Last < key ? (middle + 1, high) : (low, middle);
        }

        return low < segments.Count && segments[low].First <= key ? low : -1;
    }

    /// <summary>A segment that is opened when it is first needed. A failure is not kept: the next look-up tries again.</summary>
    private sealed class OpenedSegment(IBackend backend, SegmentSummary summary) : IDisposable
    {
        private readonly Lock _lock = new();
        private volatile Segment? _segment;

        internal Segment Value
        {
            get
            {
                if (_segment is { } open)
                {
                    return open;
                }

                lock (_lock)
                {
                    return _segment ??= Segment.Open(backend, summary);
                }
            }
        }

        public void Dispose() => _segment?.Dispose();
    }
}
