using System.Security.Cryptography;
using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Objects;

/// <summary>The body of one request, whole, outside the garbage collector's heap, and hashed as it comes in.</summary>
internal sealed class Body : IDisposable
{
    private readonly BodyBuffers _buffers;
    private readonly AlignedBuffer _bytes;
    private readonly IDisposable _room;
    private readonly IncrementalHash? _hash;
    private Digest? _digest;
    private bool _isDisposed;

    /// <param name="name">What the object will be called.</param>
    /// <param name="length">As the request said.</param>
    /// <param name="buffers">Where its memory comes from.</param>
    /// <param name="room">The memory that it takes, given back with it.</param>
    /// <param name="isHashed">Whether the SHA-256 of the whole is wanted.</param>
    internal Body(ObjectName name, int length, BodyBuffers buffers, IDisposable room, bool isHashed)
    {
        (_room, _buffers, Length) = (room, buffers, length);
        _bytes = buffers.Take(length);
        _hash = isHashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        Held = new HeldObject(name, _bytes, length);
    }

    /// <summary>Bytes, as the request said.</summary>
    internal int Length { get; }

    /// <summary>Bytes that came in so far.</summary>
    internal int Filled { get; private set; }

    /// <summary>All of them.</summary>
    internal ReadOnlySpan<byte> Bytes => Held.Bytes;

    /// <summary>The object that they are to be.</summary>
    internal HeldObject Held { get; }

    /// <summary>Takes in what came; there is room for it.</summary>
    internal void Add(ReadOnlySpan<byte> part)
    {
        part.CopyTo(_bytes.Span[Filled..Length]);
        _hash?.AppendData(part);
        Filled += part.Length;
    }

    /// <summary>SHA-256 of the whole, once all of it is there; not of a block.</summary>
    internal Digest Digest() => _digest ??= new(_hash!.GetHashAndReset());

    /// <summary>May be called before the request is over, by whoever does not need the bytes any more.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return; // The memory is another body's by now.
        }

        _isDisposed = true;
        _hash?.Dispose();
        _buffers.GiveBack(_bytes);
        _room.Dispose();
    }
}
