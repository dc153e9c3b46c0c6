using System.Buffers;
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
/// <param name="Buffer">Rented from the shared pool, null when the store holds the artifact; see <see cref="Release"/>.</param>
/// <param name="StoredLength">How many bytes of the buffer count.</param>
public readonly record struct EncodedArtifact(
    Digest Key, int RawLength, Codec Codec, UInt128 Checksum, byte[]? Buffer, int StoredLength)
{
    /// <summary>The bytes to store.</summary>
    public ReadOnlySpan<byte> Stored => Buffer.AsSpan(0, StoredLength);

    /// <summary>Whether the encoder saw that the store holds it.</summary>
    public bool IsKnown => Buffer is null;

    /// <summary>Gives the buffer back; the artifact must not be used afterwards.</summary>
    public void Release()
    {
        if (Buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(Buffer);
        }
    }
}

/// <summary>Hashes and compresses artifacts. One for each thread.</summary>
public sealed class ArtifactEncoder(Func<Digest, bool> isKnown) : IDisposable
{
    /// <summary>The compression level: level 3 takes twice the time for a tenth less (docs/adr/0004-chunk-sizes.md).</summary>
    public const int CompressionLevel = 1;

    private readonly Zstd.Compressor _compressor = new(CompressionLevel);

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
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(raw.Length, 1));

        // Not below 97 %: not worth the time of every later read.
        var target = buffer.AsSpan(0, (int)(raw.Length * 97L / 100));
        var length = target.IsEmpty ? -1 : _compressor.Compress(raw, target);
        var codec = length > 0 ? Codec.Zstandard : Codec.Stored;
        if (codec == Codec.Stored)
        {
            raw.CopyTo(buffer);
            length = raw.Length;
        }

        return new(key, raw.Length, codec, XxHash128.HashToUInt128(buffer.AsSpan(0, length)), buffer, length);
    }
}
