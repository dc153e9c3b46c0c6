using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Blocks;

/// <summary>
/// An artifact ready to be appended to a block. Where the store is known to hold it already, there are no stored bytes.
/// </summary>
/// <param name="Key">SHA-256 of the raw bytes.</param>
/// <param name="RawLength">Bytes of the artifact.</param>
/// <param name="Codec">How the stored bytes are to be read.</param>
/// <param name="Checksum">XXH3-128 of the stored bytes.</param>
/// <param name="Pages">The stored bytes, in buffers of <see cref="BufferPool.Pages"/>; null when the store holds the artifact.</param>
/// <param name="StoredLength">How many bytes of the pages count.</param>
public readonly record struct EncodedArtifact(
    Digest Key, int RawLength, Codec Codec, UInt128 Checksum, byte[][]? Pages, int StoredLength)
{
    /// <summary>Whether the encoder saw that the store holds it.</summary>
    public bool IsKnown => Pages is null;

    /// <summary>Copies the stored bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        target = target[..StoredLength];
        foreach (var page in Pages ?? [])
        {
            var length = Math.Min(page.Length, target.Length);
            page.AsSpan(0, length).CopyTo(target);
            target = target[length..];
        }
    }

    /// <summary>Gives the pages back; the artifact's bytes must not be used afterwards.</summary>
    public void Release()
    {
        foreach (var page in Pages ?? [])
        {
            BufferPool.Pages.Return(page);
        }
    }
}

/// <summary>Hashes and compresses artifacts. One for each thread.</summary>
public sealed class ArtifactEncoder(Func<Digest, bool> isKnown) : IDisposable
{
    /// <summary>The compression level: level 3 takes twice the time for a tenth less (docs/adr/0004-chunk-sizes.md).</summary>
    public const int CompressionLevel = 1;

    private readonly Zstd.Compressor _compressor = new(CompressionLevel);
    private byte[] _scratch = [];

    /// <summary>Makes an artifact of these bytes; the caller releases it.</summary>
    public EncodedArtifact Encode(ReadOnlySpan<byte> raw)
    {
        var key = Digest.Of(raw);
        return isKnown(key) ? new(key, raw.Length, Codec.Stored, 0, null, 0) : Compress(key, raw);
    }

    /// <inheritdoc/>
    public void Dispose() => _compressor.Dispose();

    private EncodedArtifact Compress(Digest key, ReadOnlySpan<byte> raw)
    {
        if (_scratch.Length < raw.Length)
        {
            _scratch = new byte[Math.Max(raw.Length, 1 << 20)];
        }

        // Not below 97 %: not worth the time of every later read.
        var target = _scratch.AsSpan(0, (int)(raw.Length * 97L / 100));
        var length = target.IsEmpty ? -1 : _compressor.Compress(raw, target);
        var stored = length > 0 ? target[..length] : raw;
        return new(key, raw.Length, length > 0 ? Codec.Zstandard : Codec.Stored, XxHash128.HashToUInt128(stored), BufferPool.Pages.RentCopy(stored), stored.Length);
    }
}
