using AslRescue.Shared.Interop;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Sources;

/// <summary>Takes the parts of a file in, in order. Together they cover it without gap or overlap.</summary>
internal interface IPieceSink
{
    /// <summary>A chunk; the bytes are valid during the call.</summary>
    void OnChunk(ReadOnlySpan<byte> chunk);

    void OnHole(long length);

    void OnBadRange(long length, int errno);
}

/// <summary>
/// Reads an open file from an offset to its end: holes by asking the file system, data by chunks, what cannot be read as bad
/// ranges. One for each thread; the buffer is used again.
/// </summary>
internal sealed class FileScanner
{
    private readonly GearChunker _chunker;
    private readonly byte[] _buffer;
    private readonly DamagedReader.ReadAt? _readInstead;

    /// <param name="parameters">The store's.</param>
    /// <param name="readInstead">For tests: replaces pread.</param>
    internal FileScanner(ChunkParameters parameters, DamagedReader.ReadAt? readInstead = null)
    {
        _chunker = new GearChunker(parameters);
        _buffer = GC.AllocateUninitializedArray<byte>(parameters.BytesMax * 2);
        _readInstead = readInstead;
    }

    /// <summary>Scans; gives the offset that was reached, less than the end when the file has become shorter meanwhile.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="status">Of the open file.</param>
    /// <param name="start">0, or where a chunk ended in an earlier run.</param>
    /// <param name="end">Where to stop; at most the size.</param>
    /// <param name="sink">Receives the parts.</param>
    internal long Scan(int file, in FileStatus status, long start, long end, IPieceSink sink)
    {
        var read = _readInstead ?? ((buffer, offset) => Posix.Read(file, buffer, offset));
        var mayHaveHoles = status.Blocks * 512 < status.Size;
        var position = start;
        while (position < end)
        {
            var (dataStart, dataEnd) = mayHaveHoles ? NextData(file, position, end) : (position, end);
            if (dataStart > position)
            {
                sink.OnHole(dataStart - position);
            }

            position = dataStart < dataEnd ? ScanData(read, dataStart, dataEnd, sink) : dataEnd;
            if (position < dataEnd)
            {
                break;
            }
        }

        return position;
    }

    /// <summary>The next data at or after a position, and where it ends; (size, size) when only a hole follows.</summary>
    private static (long Start, long End) NextData(int file, long position, long size)
    {
        var data = Posix.SeekData(file, position);
        if (data == -Errno.ENXIO)
        {
            return (size, size);
        }

        // A file system that cannot tell says so; then everything is data.
        if (data < position)
        {
            return (position, size);
        }

        var hole = Posix.SeekHole(file, data);
        return data >= size ? (size, size) : (data, hole > data ? Math.Min(hole, size) : size);
    }

    /// <summary>Scans bytes that are no hole; gives the offset reached, less than the end when the file stops before.</summary>
    private long ScanData(DamagedReader.ReadAt read, long position, long end, IPieceSink sink)
    {
        var filled = 0;
        while (position < end)
        {
            var wanted = (int)Math.Min(_buffer.Length - filled, end - position);
            var outcome = DamagedReader.Read(read, _buffer.AsSpan(filled, wanted), position, end - position);
            if (outcome is { Good: 0, Bad: 0 })
            {
                break;
            }

            position += outcome.Good + outcome.Bad;
            filled += outcome.Good;
            filled = CutChunks(filled, isLast: outcome.Bad > 0 || position == end, sink);
            if (outcome.Bad > 0)
            {
                sink.OnBadRange(outcome.Bad, outcome.Errno);
            }
        }

        CutChunks(filled, isLast: true, sink);
        return position;
    }

    /// <summary>Hands on the chunks that are complete and moves what is left to the front; gives its length.</summary>
    private int CutChunks(int filled, bool isLast, IPieceSink sink)
    {
        var start = 0;
        while (start < filled && _chunker.NextChunk(_buffer.AsSpan(start, filled - start), isLast) is var length and > 0)
        {
            sink.OnChunk(_buffer.AsSpan(start, length));
            start += length;
        }

        _buffer.AsSpan(start, filled - start).CopyTo(_buffer);
        return filled - start;
    }
}
