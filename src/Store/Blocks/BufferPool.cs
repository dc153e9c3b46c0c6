namespace AslRescue.Store.Blocks;

/// <summary>
/// Buffers of one length that one thread rents and another gives back, as happens all along a pipeline. The runtime's shared pool keeps
/// what a thread returns for that same thread: here that meant new, zeroed pages for every chunk, and half of all CPU time in the
/// kernel. One length, so that what is idle fits whatever comes next. Whoever feeds the pipeline bounds what is rented at once,
/// and thereby the pool. Any thread.
/// </summary>
public sealed class BufferPool(int bufferBytes)
{
    private readonly Stack<byte[]> _idle = new();

    /// <summary>For stored bytes of artifacts, which take as many as they need.</summary>
    public static BufferPool Pages { get; } = new(16 << 10);

    /// <summary>Length of every buffer.</summary>
    public int BufferBytes { get; } = bufferBytes;

    /// <summary>A buffer; its content is arbitrary.</summary>
    public byte[] Rent()
    {
        lock (_idle)
        {
            if (_idle.TryPop(out var buffer))
            {
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(BufferBytes);
    }

    /// <summary>Takes a rented buffer back; the caller must not touch it again.</summary>
    public void Return(byte[] buffer)
    {
        lock (_idle)
        {
            _idle.Push(buffer);
        }
    }

    /// <summary>Copies bytes into as many buffers as they need.</summary>
    public byte[][] RentCopy(ReadOnlySpan<byte> content)
    {
        var pages = new byte[(content.Length + BufferBytes - 1) / BufferBytes][];
        for (var index = 0; index < pages.Length; index++)
        {
            pages[index] = Rent();
            var part = content[(index * BufferBytes)..];
            part[..Math.Min(part.Length, BufferBytes)].CopyTo(pages[index]);
        }

        return pages;
    }
}
