using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// The memory between the walker and the assembler: a ring of which the walker takes slices, in walk order, and to which the assembler
/// gives them back, in the same order. So it bounds what is read ahead and is its buffer at once, nothing is copied from the file to the
/// frame that is compressed, and there is no deadlock: whoever is next in line has what it needs.
/// </summary>
internal sealed class ByteRing(int bytes) : IDisposable
{
    private readonly AlignedBuffer _buffer = new(bytes);
    private readonly object _gate = new();
    private long _head;
    private long _tail;

    /// <summary>Longest slice that there is.</summary>
    internal int SliceBytesMax => _buffer.Length / 4;

    /// <summary>A slice, or null when there is no room until others are given back.</summary>
    internal RingSlice? TryTake(int length)
    {
        if (length > SliceBytesMax)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"at most {SliceBytesMax}");
        }

        lock (_gate)
        {
            // A slice lies in one piece: what is left at the end is skipped, and belongs to it until it is given back.
            var start = (int)(_head % _buffer.Length);
            var skipped = start + length > _buffer.Length ? _buffer.Length - start : 0;
            if (_head + skipped + length - _tail > _buffer.Length)
            {
                return null;
            }

            _head += skipped + length;
            return new(this, skipped > 0 ? 0 : start, length, _head);
        }
    }

    /// <summary>Waits until something is given back, at most as long as a cancellation may be overlooked.</summary>
    internal void Wait(CancellationToken cancellation)
    {
        lock (_gate)
        {
            Monitor.Wait(_gate, Step.CancellationPollMilliseconds);
        }

        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>All of it, whoever has what part.</summary>
    internal ReadOnlySpan<byte> All => _buffer.Span;

    internal Span<byte> Span(int start, int length) => _buffer.Span.Slice(start, length);

    internal void GiveUpTo(long end)
    {
        lock (_gate)
        {
            _tail = end;
            Monitor.PulseAll(_gate);
        }
    }

    public void Dispose() => _buffer.Dispose();
}

/// <summary>Some bytes of a ring, until they are given back.</summary>
internal readonly record struct RingSlice(ByteRing Ring, int Start, int Length, long End)
{
    internal Span<byte> Span => Ring.Span(Start, Length);

    /// <summary>Gives the slice back, and with it all that were taken before.</summary>
    internal void Give() => Ring.GiveUpTo(End);
}
