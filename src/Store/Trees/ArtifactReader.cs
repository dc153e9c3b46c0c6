using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Segments;

namespace AslRescue.Store.Trees;

/// <summary>
/// Reads artifacts by key, below the segments of one snapshot; each is checked before its bytes are handed out. One for each
/// thread; the index may be shared.
/// </summary>
public sealed class ArtifactReader(IBackend backend, ArtifactIndex index) : IArtifactSource, IDisposable
{
    private const int OpenBlocksMax = 16;
    private readonly ArtifactDecoder _decoder = new();
    private readonly Dictionary<Digest, LinkedListNode<(Digest Name, IStoredObject File)>> _open = [];
    private readonly LinkedList<(Digest Name, IStoredObject File)> _byUse = new();
    private readonly FrameCache _frames = new();
    private byte[] _stored = [];

    /// <inheritdoc/>
    public byte[] Read(Digest key)
    {
        var location = Find(key);
        var raw = new byte[location.RawLength];
        Read(key, location, raw);
        return raw;
    }

    /// <inheritdoc/>
    public void Read(Digest key, Span<byte> raw)
    {
        var location = Find(key);
        if (location.RawLength != raw.Length)
        {
            throw BlockFooter.Corrupt(backend, location.Block, location.Offset,
                $"artifact {key.Short}… has {location.RawLength} bytes there and {raw.Length} where it is referred to");
        }

        Read(key, location, raw);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _decoder.Dispose();
        foreach (var (_, file) in _byUse)
        {
            file.Dispose();
        }
    }

    private ArtifactLocation Find(Digest key) => index.TryFind(key, out var location)
        ? location
        : throw new AslException(new AslError(ErrorCode.ArtifactMissing, $"artifact {key.Short} is not in the snapshot's segments")
        {
            Where = backend.Location,
            Why = "a listing or a file refers to it",
            Fix = "asl-admin verify --data   (lists every file it touches)",
        });

    private void Read(Digest key, in ArtifactLocation location, Span<byte> raw)
    {
        if (Unpack(key, location, raw) is { } problem)
        {
            throw BlockFooter.Corrupt(backend, location.Block, location.Offset, $"artifact {key.Short}…: {problem}");
        }
    }

    private string? Unpack(Digest key, in ArtifactLocation location, Span<byte> raw)
    {
        if (_frames.Find(location) is { } known)
        {
            return ArtifactDecoder.CopyPart(known.Span, location.Position, key, raw);
        }

        var stored = ReadStored(location);
        if (location.Codec != Codec.Zstandard || (location.Position == 0 && Zstd.ContentLength(stored) == raw.Length))
        {
            return _decoder.Decode(stored, location.Codec, location.Position, key, raw);
        }

        // What lies beside it is usually asked for next.
        var frame = _frames.Take(location);
        var problem = _decoder.Decompress(stored, ref frame.Buffer, out frame.Length);
        if (problem is not null)
        {
            frame.Forget();
            return problem;
        }

        return ArtifactDecoder.CopyPart(frame.Span, location.Position, key, raw);
    }

    private ReadOnlySpan<byte> ReadStored(in ArtifactLocation location)
    {
        if (_stored.Length < location.StoredLength)
        {
            _stored = new byte[Math.Max(location.StoredLength, 1 << 20)];
        }

        var stored = _stored.AsSpan(0, location.StoredLength);
        Open(location.Block).Read(location.Offset, stored);
        return stored;
    }

    private IStoredObject Open(Digest block)
    {
        if (_open.TryGetValue(block, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.File;
        }

        if (_open.Count == OpenBlocksMax)
        {
            var oldest = _byUse.Last!.Value;
            _byUse.RemoveLast();
            _open.Remove(oldest.Name);
            oldest.File.Dispose();
        }

        var file = backend.OpenExisting(ObjectName.Block(block));
        _open[block] = _byUse.AddFirst((block, file));
        return file;
    }
}
