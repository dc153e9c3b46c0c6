using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>
/// Memory outside the garbage collector's heap that starts at a page: what the kernel asks of buffers for reads and writes past its
/// cache. Its content is arbitrary at first. Pages that are never touched take no memory. A large one is mapped by itself and unmapped in the end:
/// the C library keeps freed memory of up to 32 MiB a piece, which made a server that takes in blocks grow to a gigabyte.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Every device takes buffers, offsets and lengths that are multiples of this.</summary>
    public const int AlignmentBytes = 4096;

    private const int MappedBytesMin = 1 << 20;
    private byte* _start;

    /// <param name="length">Bytes; rounded up to the alignment.</param>
    public AlignedBuffer(int length)
    {
        Length = checked((length + AlignmentBytes - 1) & -AlignmentBytes);
        _start = Length < MappedBytesMin ? (byte*)NativeMemory.AlignedAlloc((nuint)Length, AlignmentBytes) : Posix.MapMemory(Length);
        if (_start is null)
        {
            GC.SuppressFinalize(this);
            throw new InsufficientMemoryException();
        }
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
    public static bool IsAligned(ReadOnlySpan<byte> bytes, int alignmentBytes = AlignmentBytes)
    {
        fixed (byte* start = bytes)
        {
            return (nuint)start % (nuint)alignmentBytes == 0;
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
        if (_start is not null && Length >= MappedBytesMin)
        {
            Posix.UnmapMemory(_start, Length);
        }
        else
        {
            NativeMemory.AlignedFree(_start);
        }

        _start = null;
    }
}
