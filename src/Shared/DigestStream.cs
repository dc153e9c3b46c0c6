using System.Buffers.Binary;
using System.Security.Cryptography;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared;

/// <summary>
/// The SHA-256 of bytes that come piece by piece. Where a piece is also hashed in parts (<see cref="Digest.OfParts"/>), both together take
/// hardly longer than one. One thread at a time.
/// </summary>
public sealed class DigestStream : IDisposable
{
    private const int BlockBytes = 64;
    private readonly IncrementalHash? _managed;
    private readonly uint[] _state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    private readonly byte[] _rest = new byte[2 * BlockBytes];
    private int _restLength;

    /// <summary>Nothing so far.</summary>
    public DigestStream()
        : this(Digest.LanesMax != Digest.Lanes.One)
    {
    }

    internal DigestStream(bool usesSimd) => _managed = usesSimd ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>How many bytes came.</summary>
    public long Length { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => Append(bytes, []);

    /// <summary>Takes the next bytes, and hashes messages beside them.</summary>
    internal void Append(ReadOnlySpan<byte> bytes, ReadOnlySpan<Simd.Message> messages)
    {
        Length += bytes.Length;
        if (_managed is not null)
        {
            _managed.AppendData(bytes);
            if (!messages.IsEmpty)
            {
                Simd.Hash(messages, [], []);
            }

            return;
        }

        if (_restLength > 0)
        {
            var missing = Math.Min(BlockBytes - _restLength, bytes.Length);
            bytes[..missing].CopyTo(_rest.AsSpan(_restLength));
            _restLength += missing;
            bytes = bytes[missing..];
            if (_restLength == BlockBytes)
            {
                Simd.Hash([], _state, _rest.AsSpan(0, BlockBytes));
                _restLength = 0;
            }
        }

        var whole = bytes.Length / BlockBytes * BlockBytes;
        Simd.Hash(messages, _state, bytes[..whole]);
        if (whole < bytes.Length)
        {
            bytes[whole..].CopyTo(_rest);
            _restLength = bytes.Length - whole;
        }
    }

    /// <summary>The SHA-256 of all that came. Once.</summary>
    public Digest Finish()
    {
        Span<byte> hash = stackalloc byte[Digest.Length];
        if (_managed is not null)
        {
            _managed.GetHashAndReset(hash);
            return new(hash);
        }

        // FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits.
        var padded = _rest.AsSpan(0, _restLength + 9 > BlockBytes ? 2 * BlockBytes : BlockBytes);
        padded[_restLength..].Clear();
        padded[_restLength] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded[^8..], Length * 8);
        Simd.Hash([], _state, padded);
        for (var word = 0; word < _state.Length; word++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash[(4 * word)..], _state[word]);
        }

        return new(hash);
    }

    /// <inheritdoc/>
    public void Dispose() => _managed?.Dispose();
}
