using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Blocks;

/// <summary>Turns stored bytes back into an artifact and checks it. One for each thread.</summary>
public sealed class ArtifactDecoder : IDisposable
{
    private readonly Zstd.Decompressor _decompressor = new();

    /// <summary>
    /// Fills <paramref name="raw"/>, which must be as long as the artifact. Null when the bytes are the artifact <paramref name="key"/>;
    /// otherwise what is wrong with them.
    /// </summary>
    public string? Decode(ReadOnlySpan<byte> stored, Codec codec, Digest key, Span<byte> raw)
    {
        switch (codec)
        {
            case Codec.Stored when stored.Length == raw.Length:
                stored.CopyTo(raw);
                break;
            case Codec.Zstandard:
                var length = _decompressor.Decompress(stored, raw);
                if (length != raw.Length)
                {
                    return length < 0 ? "its stored bytes do not decompress" : $"it decompresses to {length} bytes instead of {raw.Length}";
                }

                break;
            default:
                return "its codec and lengths do not go together";
        }

        var actual = Digest.Of(raw);
        return actual == key ? null : $"its bytes hash to {actual.Short}…, its key is {key.Short}…";
    }

    /// <summary>Whether the stored bytes have the checksum of the footer: finds damage, not malice.</summary>
    public static bool HasChecksum(ReadOnlySpan<byte> stored, in BlockEntry entry) => XxHash128.HashToUInt128(stored) == entry.Checksum;

    /// <inheritdoc/>
    public void Dispose() => _decompressor.Dispose();
}
