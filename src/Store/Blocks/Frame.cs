using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Blocks;

/// <summary>
/// Artifacts on their way into a block, compressed together: alone, short ones would each pay for tables of their own and could not
/// refer to each other. Where that does not shrink them, each is stored as it is. Filled by one thread, compressed by another; the
/// buffers are used again.
/// </summary>
/// <param name="bytes">How long frames usually are.</param>
internal sealed class Frame(int bytes)
{
    private const int RawBytesKept = 2 << 20;

    // Not below 97 %: not worth the time of every later read.
    private const long WorthwhilePercent = 97;

    private readonly List<FramedArtifact> _artifacts = [];
    private readonly List<UInt128> _checksums = [];
    private byte[] _raw = [];
    private byte[] _compressed = [];
    private int _compressedLength;

    /// <summary>Place in the order in which frames were closed.</summary>
    internal long Number { get; set; }

    /// <summary>Which stream it belongs to.</summary>
    internal BlockContent Content { get; set; }

    /// <summary>What the writer's user handed over when the frame was closed.</summary>
    internal byte[]? Mark { get; set; }

    /// <summary>Whether the block that it reaches is closed behind it.</summary>
    internal bool ClosesBlock { get; set; }

    internal IReadOnlyList<FramedArtifact> Artifacts => _artifacts;

    internal int RawLength { get; private set; }

    internal bool IsCompressed => _compressedLength > 0;

    /// <summary>The bytes for the block: one Zstandard frame, or the artifacts as they are, one after the other.</summary>
    internal ReadOnlySpan<byte> Stored => IsCompressed ? _compressed.AsSpan(0, _compressedLength) : _raw.AsSpan(0, RawLength);

    /// <summary>XXH3-128 of what is stored of one artifact: of the whole frame, when it is compressed.</summary>
    internal UInt128 Checksum(int artifact) => _checksums[IsCompressed ? 0 : artifact];

    /// <summary>Adds an artifact.</summary>
    /// <param name="key">SHA-256 of the bytes.</param>
    /// <param name="raw">Copied.</param>
    internal void Add(Digest key, ReadOnlySpan<byte> raw)
    {
        if (_raw.Length < RawLength + raw.Length)
        {
            Array.Resize(ref _raw, Math.Max(RawLength + raw.Length, bytes));
        }

        raw.CopyTo(_raw.AsSpan(RawLength));
        _artifacts.Add(new(key, RawLength, raw.Length));
        RawLength += raw.Length;
    }

    /// <summary>Makes <see cref="Stored"/> and the checksums.</summary>
    internal void Compress(Zstd.Compressor compressor)
    {
        var limit = Noise.IsAll(_raw.AsSpan(0, RawLength)) ? 0 : (int)(RawLength * WorthwhilePercent / 100);
        if (_compressed.Length < limit)
        {
            _compressed = GC.AllocateUninitializedArray<byte>(Math.Max(limit, _raw.Length));
        }

        _compressedLength = limit > 0 ? Math.Max(0, compressor.Compress(_raw.AsSpan(0, RawLength), _compressed.AsSpan(0, limit))) : 0;
        if (IsCompressed)
        {
            _checksums.Add(XxHash128.HashToUInt128(Stored));
            return;
        }

        foreach (var artifact in _artifacts)
        {
            _checksums.Add(XxHash128.HashToUInt128(_raw.AsSpan(artifact.Position, artifact.Length)));
        }
    }

    internal void Reset()
    {
        _artifacts.Clear();
        _checksums.Clear();
        (RawLength, _compressedLength, Mark, ClosesBlock) = (0, 0, null, false);
        if (_raw.Length > RawBytesKept)
        {
            (_raw, _compressed) = ([], []);
        }
    }
}

/// <summary>An artifact in a frame.</summary>
/// <param name="Key">SHA-256 of its bytes.</param>
/// <param name="Position">Where it starts in the frame's raw bytes.</param>
/// <param name="Length">Its raw length.</param>
internal readonly record struct FramedArtifact(Digest Key, int Position, int Length);
