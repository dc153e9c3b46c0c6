using System.Buffers;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Blocks;

/// <summary>
/// A block that is being filled, in memory: it reaches the backend whole or not at all. Used by one thread at a time; the buffer is
/// used again for the next block, and lies so that a backend may write it past the page cache.
/// </summary>
internal sealed class BlockBuilder(int fileBytesMax) : IDisposable
{
    private readonly List<BlockEntry> _entries = [];
    private readonly List<byte[]> _marks = [];
    private long _markBytes;
    private AlignedBuffer _buffer = new(fileBytesMax);
    private int _length = BlockFooter.HeaderBytes;

    internal bool IsEmpty => _entries.Count == 0;

    /// <summary>The marks of the frames in it, one behind the other; null when none has one.</summary>
    internal byte[]? Mark
    {
        get
        {
            if (_marks.Count == 0)
            {
                return null;
            }

            var all = new ArrayBufferWriter<byte>(_marks.Sum(mark => mark.Length) + 1);
            _marks.ForEach(mark => all.Write(mark));
            return all.WrittenSpan.ToArray();
        }
    }

    /// <summary>
    /// Whether a frame and its footer entries still fit. Into an empty block any frame does: a listing or a piece of evidence may be longer
    /// than blocks of metadata usually are.
    /// </summary>
    internal bool Fits(Frame frame) => IsEmpty || LengthWith(frame) <= fileBytesMax;

    /// <summary>Whether the mark of a frame may join those of this block. One by itself always does.</summary>
    internal bool FitsMark(Frame frame, int markBytesMax) => _markBytes == 0 || frame.Mark is not { } mark || _markBytes + mark.Length <= markBytesMax;

    /// <summary>Adds a frame.</summary>
    /// <param name="frame">Compressed.</param>
    /// <param name="place">Told each artifact's place.</param>
    internal void Append(Frame frame, Action<BlockEntry> place)
    {
        if (!Fits(frame))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"a frame of {frame.Stored.Length} bytes does not fit behind {_length} of {fileBytesMax}"));
        }

        if (LengthWith(frame) > _buffer.Length)
        {
            _buffer.Dispose();
            _buffer = new(LengthWith(frame)); // Only an empty block grows: there is nothing to copy.
        }

        frame.Stored.CopyTo(_buffer.Span[_length..]);
        for (var index = 0; index < frame.Artifacts.Count; index++)
        {
            var artifact = frame.Artifacts[index];
            BlockEntry entry = frame.IsCompressed
                ? new(artifact.Key, _length, frame.Stored.Length, artifact.Length, Codec.Zstandard, artifact.Position, frame.Checksum(index))
                : new(artifact.Key, _length + artifact.Position, artifact.Length, artifact.Length, Codec.Stored, 0, frame.Checksum(index));
            _entries.Add(entry);
            place(entry);
        }

        _length += frame.Stored.Length;
        AddMark(frame);
    }

    /// <summary>Takes the mark of a frame along.</summary>
    internal void AddMark(Frame frame)
    {
        if (frame.Mark is { } mark)
        {
            _marks.Add(mark);
            _markBytes += mark.Length;
        }
    }

    /// <summary>Writes header and footer; gives the block's name and the length of <see cref="File"/>.</summary>
    internal (Digest Name, int Length) Seal(BlockContent content)
    {
        var header = _buffer.Span[..BlockFooter.HeaderBytes];
        BlockFooter.WriteHeader(header, content);
        var name = BlockFooter.Write(_buffer.Span[_length..], header, _length, _entries);
        return (name, _length + BlockFooter.BytesFor(_entries.Count));
    }

    /// <summary>The first bytes of the buffer; valid until <see cref="Reset"/>.</summary>
    internal ReadOnlySpan<byte> File(int length) => _buffer.Span[..length];

    internal void Reset()
    {
        _entries.Clear();
        _marks.Clear();
        _markBytes = 0;
        _length = BlockFooter.HeaderBytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private int LengthWith(Frame frame) => _length + frame.Stored.Length + BlockFooter.BytesFor(_entries.Count + frame.Artifacts.Count);
}
