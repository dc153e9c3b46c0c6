using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>
/// Memory outside the garbage collector's heap that starts at a page: what the kernel asks of buffers for reads and writes past its
/// cache. Its content is arbitrary at first. Pages that are never touched take no memory.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Every device takes buffers, offsets and lengths that are multiples of this.</summary>
    public const int AlignmentBytes = 4096;

    private byte* _start;

    /// <param name="length">Bytes; rounded up to the alignment.</param>
    public AlignedBuffer(int length)
    {
        Length = checked((length + AlignmentBytes - 1) & -AlignmentBytes);
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)Length, AlignmentBytes);
    }

    ~AlignedBuffer() => Free();

    /// <summary>Bytes.</summary>
    public int Length { get; }

    /// <summary>The memory; not to be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return new(_start, Length);
        }
    }

    /// <summary>Whether some bytes start where a read or write past the cache may.</summary>
    public static bool IsAligned(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return (nuint)start % AlignmentBytes == 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
