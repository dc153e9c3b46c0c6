using System.Collections.Concurrent;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;

namespace AslRescue.Backend.Objects;

/// <summary>
/// Buffers for bodies of requests. A few large ones are kept and used again: memory that is mapped anew for each block costs more than all else
/// that is done with it, as the kernel clears each page when it is first touched.
/// </summary>
internal sealed class BodyBuffers : IDisposable
{
    private const int KeptMax = 4;
    private const int LargeBytesMin = 1 << 20;
    private const int LargeBytes = StoreFormat.BlockFileBytesMax; // Pages that are never touched take no memory.
    private readonly ConcurrentStack<AlignedBuffer> _kept = new();

    /// <summary>One of at least so many bytes, of any content.</summary>
    internal AlignedBuffer Take(int length) => length is < LargeBytesMin or > LargeBytes ? new AlignedBuffer(Math.Max(length, 1))
        : _kept.TryPop(out var buffer) ? buffer
        : new AlignedBuffer(LargeBytes);

    /// <summary>Takes one back that nobody uses any more.</summary>
    internal void GiveBack(AlignedBuffer buffer)
    {
        if (buffer.Length == LargeBytes && _kept.Count < KeptMax)
        {
            _kept.Push(buffer);
        }
        else
        {
            buffer.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_kept.TryPop(out var buffer))
        {
            buffer.Dispose();
        }
    }
}
