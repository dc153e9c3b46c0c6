using AslRescue.Shared.Interop;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Sources;

/// <summary>
/// Takes the parts of a file in, in order, and says where its bytes are to lie. Together the parts cover the file without gap or overlap.
/// </summary>
internal interface IPieceSink
{
    /// <summary>Where bytes are read to; they stay there.</summary>
    Span<byte> Buffer { get; }

    /// <summary>Puts another buffer in the place of one that is full, and copies what is in no chunk yet to its front.</summary>
    /// <param name="from">Where that starts in the old buffer.</param>
    /// <param name="length">How much it is; less than a chunk may be long.</param>
    /// <param name="remaining">How many bytes are still to be read, at most.</param>
    void Renew(int from, int length, long remaining);

    /// <summary>A chunk, in the buffer.</summary>
    void OnChunk(int start, int length);

    void OnHole(long length);

    void OnBadRange(long length, int errno);
}

/// <summary>
/// Reads an open file from an offset to its end: holes by asking the file system, data by chunks, what cannot be read as bad
/// ranges. One for each thread.
/// </summary>
/// <param name="parameters">The store's.</param>
/// <param name="readInstead">For tests: replaces pread, and reading by sectors with it.</param>
/// <param name="disks">Tells whether the disk is there; null: the kernel's.</param>
/// <param name="readSectorInstead">For tests, beside <paramref name="readInstead"/>; null: it cannot be read by sectors.</param>
internal sealed class FileScanner(ChunkParameters parameters, DamagedReader.ReadAt? readInstead = null, DisksBelow? disks = null, DamagedReader.ReadAt? readSectorInstead = null)
{
    private const int ReadBytesMin = 64 << 10;
    private readonly DisksBelow _disks = disks ?? DisksBelow.Kernel;
    private readonly DamagedReader.ReadAt _readSectorInstead = readSectorInstead ?? ((_, _) => -Errno.EINVAL);
    private readonly GearChunker _chunker = new(parameters);
    private int _filled;

    /// <summary>Scans; gives the offset that was reached, less than the end when the file has become shorter meanwhile.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="status">Of the open file.</param>
    /// <param name="start">0, or where a chunk ended in an earlier run.</param>
    /// <param name="end">Where to stop; at most the size.</param>
    /// <param name="sink">Receives the parts.</param>
    /// <exception cref="Shared.Errors.AslException">SourceMissing: the disk is gone, and nothing of it bad.</exception>
    internal long Scan(int file, in FileStatus status, long start, long end, IPieceSink sink)
    {
        using var sectors = new SectorReader(file);
        var reader = readInstead is null ? new DamagedReader((buffer, offset) => Posix.Read(file, buffer, offset), sectors.Read) : new DamagedReader(readInstead, _readSectorInstead);
        _filled = 0;
        var mayHaveHoles = status.Blocks * 512 < status.Size;
        var position = start;
        while (position < end)
        {
            var (dataStart, dataEnd) = mayHaveHoles ? NextData(file, position, end) : (position, end);
            if (dataStart > position)
            {
                sink.OnHole(dataStart - position);
            }

            position = dataStart < dataEnd ? ScanData(reader, status.Device, dataStart, dataEnd, sink) : dataEnd;
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
    private long ScanData(DamagedReader reader, (uint, uint) device, long position, long end, IPieceSink sink)
    {
        var uncut = _filled;
        while (position < end)
        {
            if (sink.Buffer.Length - _filled < Math.Min(ReadBytesMin, end - position))
            {
                sink.Renew(uncut, _filled - uncut, end - position);
                (uncut, _filled) = (0, _filled - uncut);
            }

            var wanted = (int)Math.Min(sink.Buffer.Length - _filled, end - position);
            var outcome = reader.Read(sink.Buffer.Slice(_filled, wanted), position, end - position);
            if (outcome is { Good: 0, Bad: 0 })
            {
                break;
            }

            if (outcome.Bad > 0)
            {
                _disks.ThrowIfGone(device, outcome.Errno);
            }

            position += outcome.Good + outcome.Bad;
            _filled += outcome.Good;
            uncut = CutChunks(uncut, isLast: outcome.Bad > 0 || position == end, sink);
            if (outcome.Bad > 0)
            {
                sink.OnBadRange(outcome.Bad, outcome.Errno);
            }
        }

        CutChunks(uncut, isLast: true, sink);
        return position;
    }

    /// <summary>Hands on the chunks that are complete; gives where what is left starts.</summary>
    private int CutChunks(int uncut, bool isLast, IPieceSink sink)
    {
        while (uncut < _filled && _chunker.NextChunk(sink.Buffer[uncut.._filled], isLast) is var length and > 0)
        {
            sink.OnChunk(uncut, length);
            uncut += length;
        }

        return uncut;
    }
}
