using AslRescue.Shared;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Trees;

/// <summary>The raw bytes of the few frames that were read last: artifacts that lie in one are mostly read one after the other.</summary>
internal sealed class FrameCache
{
    private const int Frames = 4;
    private readonly CachedFrame[] _frames = [.. Enumerable.Range(0, Frames).Select(_ => new CachedFrame())];
    private long _uses;

    /// <summary>The frame at a place, if it is here.</summary>
    internal CachedFrame? Find(in ArtifactLocation location)
    {
        foreach (var frame in _frames)
        {
            if (frame.IsAt(location))
            {
                frame.LastUse = ++_uses;
                return frame;
            }
        }

        return null;
    }

    /// <summary>Gives the frame that was not used for longest to a new place; the caller fills it.</summary>
    internal CachedFrame Take(in ArtifactLocation location)
    {
        var oldest = _frames.MinBy(frame => frame.LastUse)!;
        oldest.Place(location);
        oldest.LastUse = ++_uses;
        return oldest;
    }

    internal sealed class CachedFrame
    {
        private Digest _block;
        private int _offset;

        // Fields, so that a decoder can fill them.
        internal byte[] Buffer = [];
        internal int Length;

        internal long LastUse { get; set; }

        internal ReadOnlySpan<byte> Span => Buffer.AsSpan(0, Length);

        internal bool IsAt(in ArtifactLocation location) => _offset == location.Offset && _block == location.Block;

        internal void Place(in ArtifactLocation location) => (_block, _offset, Length) = (location.Block, location.Offset, 0);

        internal void Forget() => (_block, _offset, Length) = (default, 0, 0);
    }
}
