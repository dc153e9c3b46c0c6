using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

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
