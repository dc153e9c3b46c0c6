using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;

namespace AslRescue.Store.Blocks;

/// <summary>Turns stored bytes back into artifacts and checks them. One for each thread.</summary>
public sealed class ArtifactDecoder : IDisposable
{
    private readonly Zstd.Decompressor _decompressor = new();
    private byte[] _frame = [];

    /// <summary>
    /// Fills <paramref name="raw"/>, which must be as long as the artifact. Null when the bytes are the artifact <paramref name="key"/>;
    /// otherwise what is wrong with them.
    /// </summary>
    /// <param name="stored">The stored bytes of its frame.</param>
    /// <param name="codec">How they are stored.</param>
    /// <param name="position">Where the artifact starts in the frame's raw bytes.</param>
    /// <param name="key">Its key.</param>
    /// <param name="raw">Receives its bytes.</param>
    public string? Decode(ReadOnlySpan<byte> stored, Codec codec, int position, Digest key, Span<byte> raw)
    {
        switch (codec)
        {
            case Codec.Zstandard when position > 0 || Zstd.ContentLength(stored) > raw.Length:
                var problem = Decompress(stored, ref _frame, out var length);
                return problem ?? CopyPart(_frame.AsSpan(0, length), position, key, raw);
            case Codec.Stored when position > 0:
                return "its codec and lengths do not go together";
            default:
                return Unpack(stored, codec, raw) ?? Check(raw, key);
        }
    }

    /// <summary>Makes the raw bytes of a frame, which must be just as many as <paramref name="raw"/> takes. Null, or what is wrong.</summary>
    public string? Unpack(ReadOnlySpan<byte> stored, Codec codec, Span<byte> raw)
    {
        switch (codec)
        {
            case Codec.Stored when stored.Length == raw.Length:
                stored.CopyTo(raw);
                return null;
            case Codec.Zstandard:
                var length = _decompressor.Decompress(stored, raw);
                return length == raw.Length ? null
                    : length < 0 ? "its stored bytes do not decompress"
                    : $"it decompresses to {length} bytes instead of {raw.Length}";
            default:
                return "its codec and lengths do not go together";
        }
    }

    /// <summary>Decompresses a whole frame, at most as much as a frame may hold. Null, or what is wrong.</summary>
    /// <param name="stored">The frame.</param>
    /// <param name="buffer">Receives its raw bytes; replaced when it is too short.</param>
    /// <param name="length">How many they are.</param>
    public string? Decompress(ReadOnlySpan<byte> stored, ref byte[] buffer, out int length)
    {
        var said = Zstd.ContentLength(stored);
        length = 0;
        if (said is < 0 or > StoreFormat.ArtifactBytesMax)
        {
            return "its stored bytes do not decompress";
        }

        length = (int)said;
        if (buffer.Length < length)
        {
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, 1 << 19));
        }

        return Unpack(stored, Codec.Zstandard, buffer.AsSpan(0, length));
    }

    /// <summary>Null when the bytes have that key; otherwise what is wrong with them.</summary>
    public static string? Check(ReadOnlySpan<byte> raw, Digest key)
    {
        var actual = Digest.Of(raw);
        return actual == key ? null : WrongKey(actual, key);
    }

    internal static string WrongKey(Digest actual, Digest key) => $"its bytes hash to {actual.Short}…, its key is {key.Short}…";

    /// <summary>Takes an artifact out of the raw bytes of its frame. Null, or what is wrong.</summary>
    public static string? CopyPart(ReadOnlySpan<byte> frame, int position, Digest key, Span<byte> raw)
    {
        if (position + (long)raw.Length > frame.Length)
        {
            return $"its frame decompresses to {frame.Length} bytes instead of at least {position + (long)raw.Length}";
        }

        frame.Slice(position, raw.Length).CopyTo(raw);
        return Check(raw, key);
    }

    /// <summary>Whether the stored bytes have the checksum of the footer: finds damage, not malice.</summary>
    public static bool HasChecksum(ReadOnlySpan<byte> stored, in BlockEntry entry) => XxHash128.HashToUInt128(stored) == entry.Checksum;

    /// <inheritdoc/>
    public void Dispose() => _decompressor.Dispose();
}
