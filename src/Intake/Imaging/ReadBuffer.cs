using System.Runtime.InteropServices;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// Memory that a device may be read into past the page cache: its address is a multiple of <see cref="AlignmentBytes"/> and never moves.
/// Rented by the reader, given back by whoever has dealt with the bytes; any thread.
/// </summary>
internal sealed class ReadBuffer
{
    /// <summary>How much is read at once, at most.</summary>
    internal const int Bytes = ChunkParameters.BytesLimit;

    /// <summary>No device has larger sectors.</summary>
    internal const int AlignmentBytes = 4096;

    private static readonly Stack<ReadBuffer> Idle = new();
    private readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(Bytes + AlignmentBytes, pinned: true);
    private readonly int _start;

    private ReadBuffer()
    {
        var address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        _start = (int)((AlignmentBytes - (address % AlignmentBytes)) % AlignmentBytes);
    }

    /// <summary>All of it.</summary>
    internal Span<byte> Span => _memory.AsSpan(_start, Bytes);

    /// <summary>A buffer; its content is arbitrary.</summary>
    internal static ReadBuffer Rent()
    {
        lock (Idle)
        {
            return Idle.TryPop(out var buffer) ? buffer : new ReadBuffer();
        }
    }

    /// <summary>Takes it back; the caller must not touch it again.</summary>
    internal void Return()
    {
        lock (Idle)
        {
            Idle.Push(this);
        }
    }
}
