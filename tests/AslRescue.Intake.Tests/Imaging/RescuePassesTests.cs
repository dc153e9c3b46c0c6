using AslRescue.Intake.Imaging;
using AslRescue.Shared.Interop;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>The passes over a device that fails wherever a random layout says, held against that layout.</summary>
public sealed class RescuePassesTests
{
    private const int Sector = 512;
    private const int Chunk = ImageFormat.ChunkBytes;

    private static readonly Gen<(int Start, int Length)[]> Layouts =
        Gen.Select(Gen.Int[0, 10_000], Gen.Frequency((5, Gen.Int[1, 4]), (2, Gen.Int[1, 300]), (1, Gen.Int[1000, 4000]))).Array[0, 10];

    private static readonly Gen<ImageOptions> Options = Gen.Select(Gen.Int[0, 2], Gen.Bool).Select((retries, reverse) =>
        new ImageOptions { Retries = retries, Reverse = reverse });

    [Fact]
    public void After_all_passes_the_map_is_the_truth_and_every_good_byte_came_once()
    {
        Gen.Select(Layouts, Options, Gen.Int[1, 6_000_000], Gen.Bool).Sample((layout, options, size, stopsShort) =>
        {
            var device = new FailingDevice(size, layout) { StopsShort = stopsShort };
            var map = Run(device, options);
            Assert.Equal(device.Truth().Areas, map.Areas.Select(area => area with { Errno = 0 }));
            device.CheckBytes();
        }, iter: 100);
    }

    [Fact]
    public void No_byte_is_asked_for_more_often_than_once_a_way_of_asking()
    {
        Gen.Select(Layouts, Options).Sample((layout, options) =>
        {
            var device = new FailingDevice(8_000_000, layout);
            Run(device, options);

            // Large, as a chunk, as a sector, and each retry.
            Assert.InRange(device.AskedMax, 1, 3 + options.Retries);
        }, iter: 100);
    }

    [Fact]
    public void Without_scraping_what_lies_between_two_bad_sectors_stays_open()
    {
        var device = new FailingDevice(1 << 20, [(100, 1), (104, 1)]);
        var map = Run(device, new ImageOptions { Scrape = false });
        Assert.Equal(
            [
                new Area(0, 100 * Sector, AreaState.Good, 0), new(100 * Sector, 101 * Sector, AreaState.Bad, Errno.EIO),
                new(101 * Sector, 104 * Sector, AreaState.Unscraped, Errno.EIO), new(104 * Sector, 105 * Sector, AreaState.Bad, Errno.EIO),
                new(105 * Sector, 1 << 20, AreaState.Good, 0),
            ], map.Areas);
    }

    [Fact]
    public void Large_bad_areas_are_leapt_over_before_they_are_entered()
    {
        var device = new FailingDevice(200L << 20, [(0, 50_000)]);
        Run(device, new ImageOptions());

        // 25 MB of bad sectors: all else is read before the 391 chunks of it are asked for one by one.
        var firstGood = device.Reads.FindIndex(read => read.Good);
        var lastGood = device.Reads.FindLastIndex(read => read.Good && read.Length > Sector);
        Assert.InRange(firstGood, 1, 30);
        Assert.InRange(device.Reads.Take(lastGood).Count(read => !read.Good), 1, 100);
    }

    [Fact]
    public void A_retry_that_succeeds_makes_a_sector_good()
    {
        var device = new FailingDevice(1 << 20, [(7, 1)]);
        var map = Run(device, new ImageOptions { Retries = 1 }, phase => device.Heals |= phase == "retry 1");
        Assert.Equal([new Area(0, 1 << 20, AreaState.Good, 0)], map.Areas);
        device.CheckBytes();
    }

    [Fact]
    public void An_area_that_begins_within_a_sector_is_read_backward_with_its_own_bytes()
    {
        var device = new FailingDevice(8 * Sector, []) { ChecksAlignment = false };
        var map = new AreaMap(device.Size);
        map.Set((2 * Sector) + 188, 5 * Sector, AreaState.Bad, Errno.EIO);
        new RescuePasses(map, Sector, Chunk, device.Read, device).Run(new ImageOptions { Retries = 1, Reverse = true });
        Assert.Equal([new Area(0, 8 * Sector, AreaState.Good, 0)], map.Areas);
        Assert.Equal(device.Size, device.GoodBytes);
    }

    [Fact]
    public void A_budget_that_is_over_leaves_the_rest_as_it_is()
    {
        var device = new FailingDevice(64L << 20, []);
        var map = new AreaMap(device.Size);
        new RescuePasses(map, Sector, Chunk, device.Read, device) { IsOver = () => device.Reads.Count == 3 }.Run(new ImageOptions());
        Assert.Equal([AreaState.Good, AreaState.Untried], map.Areas.Select(area => area.State));
        Assert.Equal(3 * ReadBuffer.Bytes, map.Bytes(AreaState.Good));
    }

    [Fact]
    public void A_device_that_ends_early_ends_the_passes()
    {
        var device = new FailingDevice(4 << 20, []) { EndsAt = 3 << 20 };
        var map = new AreaMap(device.Size);
        var passes = new RescuePasses(map, Sector, Chunk, device.Read, device);
        passes.Run(new ImageOptions());
        Assert.True(passes.IsCut);
        Assert.Equal(3 << 20, map.Bytes(AreaState.Good));
    }

    private static AreaMap Run(FailingDevice device, ImageOptions options, Action<string>? onPhase = null)
    {
        var map = new AreaMap(device.Size);
        new RescuePasses(map, Sector, Chunk, device.Read, device) { OnPhase = onPhase ?? (_ => { }) }.Run(options);
        return map;
    }

    /// <summary>A device whose bytes tell their sector, that fails where it is told to, and remembers what it was asked.</summary>
    private sealed class FailingDevice(long size, (int Start, int Length)[] bad) : IRescueSink
    {
        private readonly int[] _asked = new int[(size + Sector - 1) / Sector];
        private readonly HashSet<long> _bad = [.. bad.SelectMany(range => Enumerable.Range(range.Start, range.Length)).Select(sector => (long)sector)];
        private readonly int[] _came = new int[(size + Sector - 1) / Sector];

        internal long Size => size;

        internal bool Heals { get; set; }

        /// <summary>Whether a read that fails in its middle gives what lies before.</summary>
        internal bool StopsShort { get; init; }

        internal long? EndsAt { get; init; }

        internal bool ChecksAlignment { get; init; } = true;

        /// <summary>Bytes that came, each of which was its own.</summary>
        internal long GoodBytes { get; private set; }

        internal List<(long Offset, int Length, bool Good)> Reads { get; } = [];

        internal int AskedMax => _asked.Max();

        internal long Read(Span<byte> buffer, long offset)
        {
            Assert.True(!ChecksAlignment || offset % Sector == 0);
            var wanted = (int)Math.Clamp((EndsAt ?? size) - offset, 0, buffer.Length);
            var good = 0;
            while (good < wanted && !IsBad((offset + good) / Sector))
            {
                good += Math.Min(Sector, wanted - good);
            }

            for (var sector = offset / Sector; sector * Sector < offset + wanted; sector++)
            {
                // A device that stops short was not asked for what lies behind the failure.
                _asked[sector] += StopsShort && sector > (offset + good) / Sector ? 0 : 1;
            }

            var count = good == wanted || (StopsShort && good > 0) ? good : -Errno.EIO;
            Reads.Add((offset, wanted, count > 0));
            for (var index = 0; index < count; index++)
            {
                // The first and the last byte of a sector tell which one it is.
                index += ChecksAlignment && index % Sector == 1 ? Math.Min(Sector - 2, count - index - 1) : 0;
                buffer[index] = Value(offset + index);
            }

            return count;
        }

        public void OnGood(ReadBuffer buffer, int at, long offset, int length)
        {
            GoodBytes += !ChecksAlignment && Enumerable.Range(0, length).All(index => buffer.Span[at + index] == Value(offset + index)) ? length : 0;
            for (var index = 0; index < length; index += Sector)
            {
                var last = Math.Min(index + Sector, length) - 1;
                _came[(offset + index) / Sector] += buffer.Span[at + index] == Value(offset + index) && buffer.Span[at + last] == Value(offset + last) ? 1 : 100;
            }

            buffer.Return();
        }

        public void OnFailed(Area area) => Assert.InRange(area.Start, 0, area.End - 1);

        internal AreaMap Truth()
        {
            var map = new AreaMap(size, AreaState.Good);
            foreach (var (start, length) in bad)
            {
                map.Set((long)start * Sector, (long)(start + length) * Sector, AreaState.Bad);
            }

            return map;
        }

        internal void CheckBytes()
        {
            Assert.Equal(-1, Array.FindIndex(Enumerable.Range(0, _came.Length).Select(sector => _came[sector] - (IsBad(sector) ? 0 : 1)).ToArray(), wrong => wrong != 0));
        }

        private bool IsBad(long sector) => !Heals && _bad.Contains(sector);

        private static byte Value(long offset) => (byte)((offset / Sector * 31) + (offset % 251));
    }
}
