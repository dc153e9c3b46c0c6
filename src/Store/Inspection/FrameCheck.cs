using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;

namespace AslRescue.Store.Inspection;

/// <summary>Holds frames of a block against what is said of them: checksum, decompression, each key. Takes as much memory as the longest frame.</summary>
/// <param name="file">The block.</param>
/// <param name="shift">
/// How far the footer lies from where it says that it does: bytes before it are missing or too many, and frames may lie as far from theirs.
/// </param>
public sealed class FrameCheck(InspectedFile file, long shift = 0) : IDisposable
{
    private readonly ArtifactDecoder _decoder = new();
    private byte[] _raw = [];

    /// <summary>Reads a frame and checks it. With <paramref name="isDeep"/> it is decompressed, and the key of each artifact computed.</summary>
    public FrameVerdict Run(InspectedFrame frame, bool isDeep)
    {
        if (frame.Impossible.Count > 0)
        {
            return new() { Damages = [.. frame.Odd, .. frame.Impossible] };
        }

        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(frame.StoredLength, 1));
        try
        {
            var stored = buffer.AsSpan(0, frame.StoredLength);
            var verdict = Check(frame, stored, isDeep);
            return frame.Odd.Count == 0 ? verdict : verdict with { Damages = [.. frame.Odd, .. verdict.Damages] };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _decoder.Dispose();

    private FrameVerdict Check(InspectedFrame frame, Span<byte> stored, bool isDeep)
    {
        var problem = file.Read(frame.Offset, stored);
        UInt128? checksum = problem is null ? XxHash128.HashToUInt128(stored) : null;
        long? foundAt = null;
        if (shift != 0 && frame.Checksum is { } said && checksum != said && file.Read(frame.Offset + shift, stored) is null && XxHash128.HashToUInt128(stored) == said)
        {
            (problem, checksum, foundAt) = (null, said, frame.Offset + shift);
        }

        if (problem is not null)
        {
            return new() { Damages = [new(frame.Offset, frame.StoredLength, $"it cannot be read: {problem}")] };
        }

        if (frame.Checksum is { } expected && checksum != expected)
        {
            _ = file.Read(frame.Offset, stored);
            return new()
            {
                Checksum = checksum,
                Keys = isDeep ? Keys(frame, stored, out _) : [],
                Damages = [new(frame.Offset, frame.StoredLength, $"its bytes have checksum {Hex(checksum!.Value)}, the footer says {Hex(expected)}")],
            };
        }

        List<Damage> damages = foundAt is { } place
            ? [new(frame.Offset, frame.StoredLength, string.Create(CultureInfo.InvariantCulture, $"it lies at {place} and not where the footer says"))]
            : [];
        return isDeep
            ? new() { Checksum = checksum, FoundAt = foundAt, Keys = Keys(frame, stored, out var wrong), Damages = [.. damages, .. wrong] }
            : new() { Checksum = checksum, FoundAt = foundAt, Damages = damages };
    }

    /// <summary>What the artifacts hash to, as far as the frame can be decompressed.</summary>
    private Digest?[] Keys(InspectedFrame frame, ReadOnlySpan<byte> stored, out List<Damage> wrong)
    {
        wrong = [];
        var keys = new Digest?[frame.Artifacts.Count];
        ReadOnlySpan<byte> raw = stored;
        if (frame.Codec == Codec.Zstandard)
        {
            if (_decoder.Decompress(stored, ref _raw, out var length) is { } problem)
            {
                wrong.Add(new(frame.Offset, frame.StoredLength, problem));
                return keys;
            }

            raw = _raw.AsSpan(0, length);
            if (frame.Checksum is not null && length != frame.RawLength)
            {
                wrong.Add(new(frame.Offset, frame.StoredLength, $"it decompresses to {length} bytes, the artifacts that are listed have {frame.RawLength}"));
            }
        }

        for (var index = 0; index < keys.Length; index++)
        {
            var artifact = frame.Artifacts[index];
            if (artifact.Position + (long)artifact.RawLength > raw.Length)
            {
                wrong.Add(new(frame.Offset, frame.StoredLength, $"artifact {artifact.Key.Short}… lies behind its end"));
                continue;
            }

            var actual = Digest.Of(raw.Slice(artifact.Position, artifact.RawLength));
            keys[index] = actual;
            if (actual != artifact.Key)
            {
                wrong.Add(new(frame.Offset, frame.StoredLength, $"artifact {artifact.Key.Short}…: {ArtifactDecoder.WrongKey(actual, artifact.Key)}"));
            }
        }

        return keys;
    }

    /// <summary>The raw bytes of a frame that was found without a footer: their key, where it is one artifact. Null when it does not decompress.</summary>
    internal Digest? KeyOfWhole(ReadOnlySpan<byte> stored) =>
        ZstdFrame.Read(stored) is { ContentLength: >= 0 and <= StoreFormat.ArtifactBytesMax } && _decoder.Decompress(stored, ref _raw, out var length) is null
            ? Digest.Of(_raw.AsSpan(0, length))
            : null;

    /// <summary>A checksum as the format writes it: 32 digits, big-endian.</summary>
    public static string Hex(UInt128 checksum) => checksum.ToString("x32", CultureInfo.InvariantCulture);
}
