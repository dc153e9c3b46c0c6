using AslRescue.Intake.Sources;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Imaging;

/// <summary>Takes in what the passes find.</summary>
internal interface IRescueSink
{
    /// <summary>Bytes were read. The buffer now belongs to the sink.</summary>
    /// <param name="buffer">Holds them.</param>
    /// <param name="at">Where in the buffer they begin.</param>
    /// <param name="offset">Where on the device they begin.</param>
    /// <param name="length">How many.</param>
    void OnGood(ReadBuffer buffer, int at, long offset, int length);

    /// <summary>A range came into another state than good.</summary>
    void OnFailed(Area area);
}

/// <summary>
/// Reads a device like GNU ddrescue does: what is easy first. *Copying*: large reads, and a leap behind each failure, forward, then
/// backward, then without leaps; *trimming*: the edges of each failed part, sector by sector; *scraping*: what lies between them; then
/// the bad sectors again, as often as asked for. Each byte is tried at most once large, once as a chunk, once as a sector, and once a retry.
/// </summary>
/// <param name="map">What is to be read; kept up to date.</param>
/// <param name="sectorBytes">What is given up at once. Areas may begin within a sector, when the device had smaller ones before.</param>
/// <param name="chunkBytes">What is read at once near failures; large reads end at multiples.</param>
/// <param name="read">Does the reading: bytes, or a negative errno of a medium that gave these bytes up. Throws when the device itself is gone.</param>
/// <param name="sink">Is told.</param>
internal sealed class RescuePasses(AreaMap map, int sectorBytes, int chunkBytes, DamagedReader.ReadAt read, IRescueSink sink)
{
    private const long CalmBytes = 32L << 20; // so much without a failure, and reads are large again
    private readonly long _skipMin = chunkBytes;
    private readonly long _skipMax = Math.Max(chunkBytes, Math.Min(map.Size / 100, 1L << 30) / chunkBytes * chunkBytes); // whole chunks: reads stay aligned
    private bool _isWary;
    private long _calm;

    /// <summary>Called with the name of each pass.</summary>
    internal Action<string> OnPhase { get; init; } = _ => { };

    /// <summary>Asked before every read; true ends the passes where they are. May throw to cancel.</summary>
    internal Func<bool> IsOver { get; init; } = () => false;

    /// <summary>Whether the device ended before its size.</summary>
    internal bool IsCut { get; private set; }

    internal void Run(ImageOptions options)
    {
        OnPhase("copying");
        Copy(isForward: !options.Reverse, skips: true);
        Copy(isForward: options.Reverse, skips: true);
        Copy(isForward: !options.Reverse, skips: false);
        OnPhase("trimming");
        Each(AreaState.Untrimmed, Trim);
        if (options.Scrape)
        {
            OnPhase("scraping");
            Each(AreaState.Unscraped, area => Sectors(area, isForward: true));
        }

        for (var retry = 0; retry < options.Retries && map.Bytes(AreaState.Bad) > 0 && !Stops; retry++)
        {
            OnPhase($"retry {retry + 1}");
            var isForward = retry % 2 == 0 != options.Reverse;
            Area[] bad = [.. map.Areas.Where(area => area.State == AreaState.Bad)];
            foreach (var area in isForward ? bad : bad.Reverse())
            {
                Sectors(area, isForward);
            }
        }
    }

    private bool Stops => IsCut || IsOver();

    private void Copy(bool isForward, bool skips)
    {
        var (position, skip) = (isForward ? 0 : map.Size, _skipMin);
        while (!Stops && (isForward ? map.Next(AreaState.Untried, position) : map.Previous(AreaState.Untried, position)) is { } area)
        {
            var part = Part(area, isForward);
            var got = ReadPart(part.Start, part.End);
            if (got == part.End - part.Start)
            {
                (position, skip) = (isForward ? part.End : part.Start, _skipMin);
                _calm += got;
                _isWary &= _calm < CalmBytes;
                continue;
            }

            var start = part.Start + Math.Max(got, 0);
            (var wasWary, _isWary, _calm) = (_isWary, true, 0L);
            if (got >= 0 || !wasWary)
            {
                // A large read failed, or one stopped at the failure: what is left is tried by chunks.
                position = isForward ? start : part.End;
                continue;
            }

            Fail(new(start, part.End, AreaState.Untrimmed, (int)-got));
            var leap = skips ? skip : 0;
            skip = Math.Min(skip * 2, _skipMax);
            position = isForward ? part.End + leap : part.Start - leap;
        }
    }

    /// <summary>What of an area is read at once: up to the next multiple of what is read at once now.</summary>
    private (long Start, long End) Part(in Area area, bool isForward)
    {
        long unit = _isWary ? chunkBytes : ReadBuffer.Bytes;
        return isForward
            ? (area.Start, Math.Min(area.End, ((area.Start / unit) + 1) * unit))
            : (Math.Max(area.Start, (area.End - 1) / unit * unit), area.End);
    }

    /// <summary>Reads and hands on; gives the bytes read, or a negative errno when there were none.</summary>
    private long ReadPart(long start, long end)
    {
        var buffer = ReadBuffer.Rent();
        var got = read(buffer.Span[..(int)(end - start)], start);
        if (got <= 0)
        {
            buffer.Return();
            IsCut |= got == 0;
            return got;
        }

        HandOn(buffer, 0, start, (int)got);
        return got;
    }

    private void HandOn(ReadBuffer buffer, int at, long offset, int length)
    {
        map.Set(offset, offset + length, AreaState.Good);
        sink.OnGood(buffer, at, offset, length);
    }

    private void Fail(Area area)
    {
        map.Set(area.Start, area.End, area.State, area.Errno);
        sink.OnFailed(area);
    }

    private void Each(AreaState state, Action<Area> visit)
    {
        for (long position = 0; !Stops && map.Next(state, position) is { } area; position = area.End)
        {
            visit(area);
        }
    }

    /// <summary>Finds the first and the last bad sector of a failed part; what lies between them is left for scraping.</summary>
    private void Trim(Area area)
    {
        var start = Sectors(area, isForward: true, endsAtBad: true);
        var end = start < area.End && !Stops ? Sectors(area with { Start = start }, isForward: false, endsAtBad: true) : area.End;
        if (start < end && !Stops)
        {
            Fail(new(start, end, AreaState.Unscraped, area.Errno));
        }
    }

    /// <summary>Tries an area sector by sector; gives where it stopped.</summary>
    private long Sectors(Area area, bool isForward, bool endsAtBad = false)
    {
        var run = new SectorRun(HandOn, isForward);
        var (start, end) = (area.Start, area.End);
        try
        {
            while (start < end && !Stops)
            {
                var (from, to) = isForward
                    ? (start, Math.Min(end, ((start / sectorBytes) + 1) * sectorBytes))
                    : (Math.Max(start, (end - 1) / sectorBytes * sectorBytes), end);
                var got = read(run.Room(from, (int)(to - from)), from);
                (start, end) = isForward ? (to, end) : (start, from);
                if (got == to - from)
                {
                    run.Add(from, (int)got);
                    continue;
                }

                run.Flush();
                if (got == 0)
                {
                    IsCut = true;
                    break;
                }

                Fail(new(from, to, AreaState.Bad, got < 0 ? (int)-got : Errno.EIO));
                if (endsAtBad)
                {
                    break;
                }
            }
        }
        finally
        {
            run.Flush();
        }

        return isForward ? start : end;
    }

    /// <summary>Neighbouring good sectors, gathered in one buffer from either end of it.</summary>
    private sealed class SectorRun(Action<ReadBuffer, int, long, int> handOn, bool isForward)
    {
        private ReadBuffer? _buffer;
        private long _offset;
        private int _length;

        internal Span<byte> Room(long offset, int length)
        {
            // A piece that is no multiple of 512 bytes goes alone (see Add): what was gathered goes before it.
            if (_length + length > ReadBuffer.Bytes || (!isForward && length < AlignUp(length)))
            {
                Flush();
            }

            (_buffer, _offset) = (_buffer ?? ReadBuffer.Rent(), _length == 0 && isForward ? offset : _offset);
            return _buffer.Span.Slice(isForward ? _length : ReadBuffer.Bytes - _length - AlignUp(length), length);
        }

        internal void Add(long offset, int length)
        {
            if (!isForward && length < AlignUp(length))
            {
                // The short last sector of a device, or what lies between an area's start and the next sector: it lies at an aligned address, so not at the buffer's end. It goes alone.
                (var buffer, _buffer) = (_buffer!, null);
                handOn(buffer, ReadBuffer.Bytes - AlignUp(length), offset, length);
                return;
            }

            _offset = isForward ? _offset : offset;
            _length += length;
        }

        internal void Flush()
        {
            if (_buffer is { } buffer && _length > 0)
            {
                handOn(buffer, isForward ? 0 : ReadBuffer.Bytes - _length, _offset, _length);
            }
            else
            {
                _buffer?.Return();
            }

            (_buffer, _length) = (null, 0);
        }

        private static int AlignUp(int length) => (length + 511) & ~511;
    }
}
