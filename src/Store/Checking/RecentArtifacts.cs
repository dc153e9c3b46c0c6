using AslRescue.Shared;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Checking;

/// <summary>
/// Artifacts for a walk of a tree that somebody made: those that were read last are kept, up to so many bytes, and each time one is asked for it is looked at whether the walk
/// is to end. So a walk needs to hold none, and no part of it can go on without end.
/// </summary>
/// <param name="artifacts">Reads them.</param>
/// <param name="cancellation">Ends the walk.</param>
/// <param name="bytesMax">What is kept. The listings of a path of folders, in any tree that is not made to be more.</param>
internal sealed class RecentArtifacts(IArtifactSource artifacts, CancellationToken cancellation, int bytesMax = 64 << 20) : IArtifactSource
{
    private readonly Dictionary<Digest, LinkedListNode<(Digest Key, byte[] Raw)>> _known = [];
    private readonly LinkedList<(Digest Key, byte[] Raw)> _byUse = new();
    private long _bytes;

    /// <inheritdoc/>
    public byte[] Read(Digest key)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_known.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Raw;
        }

        var raw = artifacts.Read(key);
        _known[key] = _byUse.AddFirst((key, raw));
        _bytes += raw.Length;
        while (_bytes > bytesMax && _byUse.Last is { } oldest && oldest != _byUse.First)
        {
            _byUse.RemoveLast();
            _known.Remove(oldest.Value.Key);
            _bytes -= oldest.Value.Raw.Length;
        }

        return raw;
    }

    /// <inheritdoc/>
    public void Read(Digest key, Span<byte> raw)
    {
        cancellation.ThrowIfCancellationRequested();
        artifacts.Read(key, raw);
    }
}
