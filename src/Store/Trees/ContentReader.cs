using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>
/// Reads the bytes of a content from any offset. Holes read as zeros; a bad range is never read, but told. The artifact that was read last is
/// kept, as who reads in small pieces would have it decompressed and hashed for each. One thread at a time.
/// </summary>
/// <param name="artifacts">Reads the content's artifacts.</param>
/// <param name="content">The items of a file or an image.</param>
public sealed class ContentReader(IArtifactSource artifacts, IReadOnlyList<ContentItem> content)
{
    private const int BytesAtOnceMax = 1 << 30;
    private byte[] _kept = [];
    private Digest _keptKey;
    private int _keptLength;

    /// <summary>Where what lies.</summary>
    public ContentMap Map { get; } = new(new TreeReader(artifacts), content);

    /// <summary>
    /// Fills the buffer from an offset on, until it is full, the content ends, or a bad range begins. What could not be read from the store after
    /// something had been is left for the next call, which then fails.
    /// </summary>
    /// <param name="offset">At least 0; at the end and behind it there is nothing.</param>
    /// <param name="buffer">What lies in it behind the bytes that were read means nothing.</param>
    /// <param name="bad">The bad range that begins where the bytes read end; null when none does.</param>
    /// <returns>Bytes read; 0 with no bad range only at the end or for an empty buffer.</returns>
    /// <exception cref="AslException">The store is damaged at the offset, or cannot be read.</exception>
    public int Read(long offset, Span<byte> buffer, out ContentExtent? bad)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        (bad, var done) = (null, 0);
        buffer = buffer[..Math.Min(buffer.Length, BytesAtOnceMax)];
        while (done < buffer.Length && offset + done < Map.Length)
        {
            try
            {
                var extent = Map.Find(offset + done);
                if (extent.Item.Kind == ContentKind.BadRange)
                {
                    bad = extent;
                    return done;
                }

                done += Fill(extent, offset + done, buffer[done..]);
            }
            catch (AslException) when (done > 0)
            {
                return done;
            }
        }

        return done;
    }

    private int Fill(in ContentExtent extent, long offset, Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Min(buffer.Length, extent.End - offset)];
        var length = extent.Item.Length;
        if (extent.Item.Kind == ContentKind.Hole)
        {
            part.Clear();
        }
        else if (part.Length == length && extent.Item.Key != _keptKey)
        {
            artifacts.Read(extent.Item.Key, part);
        }
        else
        {
            Keep(extent.Item).Slice((int)(offset - extent.Start), part.Length).CopyTo(part);
        }

        return part.Length;
    }

    private ReadOnlySpan<byte> Keep(in ContentItem item)
    {
        if (item.Key != _keptKey || item.Length != _keptLength)
        {
            (_keptKey, _keptLength) = (default, 0);
            if (_kept.Length < item.Length)
            {
                _kept = new byte[Math.Min(Math.Max(item.Length, 1 << 16), StoreFormat.ArtifactBytesMax)];
            }

            artifacts.Read(item.Key, _kept.AsSpan(0, (int)item.Length));
            (_keptKey, _keptLength) = (item.Key, (int)item.Length);
        }

        return _kept.AsSpan(0, _keptLength);
    }
}
