using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared;

/// <summary>
/// A SHA-256 value: the key of an artifact, or the name of a sealed object. Ordered as its bytes are. The default value is all
/// zero bytes and stands for nothing in particular.
/// </summary>
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 32;

    private readonly Bytes32 _bytes;

    /// <summary>Takes over the 32 bytes given.</summary>
    /// <exception cref="ArgumentException">There are not exactly 32 bytes.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"a digest has {Length} bytes, not {bytes.Length}", nameof(bytes));
        }

        bytes.CopyTo(_bytes);
    }

    /// <summary>The SHA-256 of <paramref name="content"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(content, hash);
        return new Digest(hash);
    }

    /// <summary>How many messages are hashed at once.</summary>
    internal enum Lanes
    {
        /// <summary>By the system's library.</summary>
        One,

        /// <summary>By the SHA instructions.</summary>
        Two,

        /// <summary>By AVX-512 while there are enough messages, and two where there are not.</summary>
        Sixteen,
    }

    /// <summary>
    /// The most that this processor can do. Each way is tried on some messages before anything relies on it: a wrong key would be worse than a slow one.
    /// </summary>
    internal static Lanes LanesMax { get; } = Can(Lanes.Sixteen) ? Lanes.Sixteen : Can(Lanes.Two) ? Lanes.Two : Lanes.One;

    /// <summary>The SHA-256 of each of some parts of <paramref name="data"/>: faster than one after the other, where the processor can.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="parts">Start and length of each.</param>
    /// <param name="digests">Receives one for each part.</param>
    /// <param name="whole">Takes all of the bytes besides; null for nothing.</param>
    public static void OfParts(ReadOnlySpan<byte> data, ReadOnlySpan<(int Start, int Length)> parts, Span<Digest> digests, DigestStream? whole = null) =>
        OfPartsBy(LanesMax, data, parts, digests, whole);

    /// <summary>The same in a way of the caller's choice, which the processor must have.</summary>
    internal static unsafe void OfPartsBy(Lanes lanes, ReadOnlySpan<byte> data, ReadOnlySpan<(int Start, int Length)> parts, Span<Digest> digests, DigestStream? whole = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digests.Length, parts.Length);
        if (lanes == Lanes.One)
        {
            for (var index = 0; index < parts.Length; index++)
            {
                digests[index] = Of(data.Slice(parts[index].Start, parts[index].Length));
            }

            whole?.Append(data);
            return;
        }

        const int messagesAtOnce = 256;
        Span<Simd.Message> messages = stackalloc Simd.Message[Math.Min(parts.Length, messagesAtOnce)];
        fixed (byte* bytes = data)
        fixed (Digest* results = digests)
        {
            for (var first = 0; first < parts.Length || (whole is not null && first == 0); first += messagesAtOnce)
            {
                var count = Math.Min(parts.Length - first, messagesAtOnce);
                for (var index = 0; index < count; index++)
                {
                    var (start, length) = parts[first + index];
                    _ = data.Slice(start, length); // Out of range is the caller's error, not the memory's.
                    messages[index] = new() { Data = bytes + start, Length = (ulong)length, Digest = (byte*)(results + first + index) };
                }

                if (whole is not null && first == 0)
                {
                    whole.Append(data, messages[..count]);
                }
                else if (lanes == Lanes.Sixteen)
                {
                    // The longest first, so that none of them is left over when all others are done.
                    messages[..count].Sort(static (left, right) => right.Length.CompareTo(left.Length));
                    Simd.HashMany(messages[..count]);
                }
                else
                {
                    Simd.Hash(messages[..count], [], []);
                }
            }
        }
    }

    private static bool Can(Lanes lanes)
    {
        var needed = lanes == Lanes.Sixteen ? Simd.Features.Sha256 | Simd.Features.Avx512 : Simd.Features.Sha256;
        if (!Simd.Available.HasFlag(needed))
        {
            return false;
        }

        // Lengths around a block, and unequal ones beside each other: each way through the lanes, and more messages than there are of them.
        Span<byte> data = stackalloc byte[1024];
        for (var index = 0; index < data.Length; index++)
        {
            data[index] = (byte)(index * 37);
        }

        ReadOnlySpan<int> lengths = [1000, 0, 55, 64, 119, 120];
        Span<(int Start, int Length)> parts = stackalloc (int, int)[24];
        for (var index = 0; index < parts.Length; index++)
        {
            parts[index] = (index, lengths[index % lengths.Length]);
        }

        Span<Digest> digests = stackalloc Digest[parts.Length];
        OfPartsBy(lanes, data, parts, digests);
        for (var index = 0; index < parts.Length; index++)
        {
            if (digests[index] != Of(data.Slice(parts[index].Start, parts[index].Length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The bytes; they live as long as this variable does.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The first eight bytes as a big-endian number: uniform, so it serves as a hash and for interpolation.</summary>
    public ulong Prefix => BinaryPrimitives.ReadUInt64BigEndian(Span);

    /// <summary>The first eight hex digits: enough for a person, not for a reference.</summary>
    public string Short => ToString()[..8];

    /// <summary>Reads 64 lower-case hex digits; anything else gives false.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Digest digest)
    {
        digest = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != Length * 2 || text.ContainsAnyInRange('A', 'F')
            || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        digest = new Digest(bytes);
        return true;
    }

    /// <summary>Reads 64 lower-case hex digits.</summary>
    /// <exception cref="FormatException">It is anything else.</exception>
    public static Digest Parse(ReadOnlySpan<char> text) => TryParse(text, out var digest)
        ? digest
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is not 64 lower-case hex digits"));

    /// <inheritdoc/>
    public int CompareTo(Digest other) => Span.SequenceCompareTo(other.Span);

    /// <inheritdoc/>
    public bool Equals(Digest other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Prefix;

    /// <summary>64 lower-case hex digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Span);

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;

    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;

    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;

    [InlineArray(Length)]
    private struct Bytes32
    {
        private byte _first;
    }
}
