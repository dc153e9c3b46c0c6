using AslRescue.Intake.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Chunking;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Sources;

public sealed class DamagedReadingTests
{
    private const int Sector = SectorReader.SectorBytes;
    private const int Piece = DamagedReader.PageBytes;

    [Theory]
    [InlineData(3, 5)]
    [InlineData(0, 0)]
    [InlineData(99, 50)]
    [InlineData(10, 11)]
    public void Two_bad_sectors_cost_two_sectors(int first, int second)
    {
        var (kept, bad) = Scan(100 * Piece + 123, [first, second], Errno.EIO);
        Assert.Equal(new[] { first, second }.Distinct().Order().Select(piece => ((long)piece * Piece, (long)Piece, Errno.EIO)), bad);
        Assert.Equal((100L * Piece) + 123 - (bad.Count * Piece), kept);
    }

    [Theory]
    [InlineData(3, 9, Errno.EIO)]
    [InlineData(8, 15, Errno.EIO)]
    [InlineData(0, 799, Errno.EIO)]
    [InlineData(3, 5, Errno.EREMOTEIO)]
    public void Where_sectors_can_be_read_a_bad_one_costs_nothing_of_its_page(int first, int second, int errnoPastTheCache)
    {
        var (kept, bad) = Scan((100 * Piece) + 123, [first, second], Errno.EIO, Sector, errnoPastTheCache);
        Assert.Equal([((long)first * Sector, Sector, errnoPastTheCache), ((long)second * Sector, (long)Sector, errnoPastTheCache)], bad);
        Assert.Equal((100L * Piece) + 123 - (2 * Sector), kept);
    }

    [Fact]
    public void The_last_bytes_of_a_file_are_no_whole_sector()
    {
        var (kept, bad) = Scan((2 * Piece) + 700, [(2 * Piece / Sector) + 1], Errno.EIO, Sector);
        Assert.Equal([((2L * Piece) + Sector, 700L - Sector, Errno.EIO)], bad);
        Assert.Equal((2L * Piece) + Sector, kept);
    }

    [Fact]
    public void A_file_with_nothing_but_bad_sectors_is_one_long_bad_range()
    {
        var (kept, bad) = Scan(8 * Piece, [.. Enumerable.Range(0, 8)], Errno.EIO);
        Assert.Equal(0, kept);
        Assert.Equal(8 * Piece, bad.Sum(range => range.Length));
    }

    [Fact]
    public void An_error_that_is_not_the_mediums_gives_up_the_rest_at_once()
    {
        var (kept, bad) = Scan(100 * Piece, [7], Errno.EACCES);
        Assert.Equal(7 * Piece, kept);
        Assert.Equal([(7L * Piece, 93L * Piece, Errno.EACCES)], bad);
    }

    [Fact]
    public void A_disk_that_is_gone_has_no_bad_sectors()
    {
        using var scratch = new ScratchFolder();
        using var file = new TemporaryFile(10 * Piece);
        var (major, minor) = file.Status.Device;
        var folder = Directory.CreateDirectory(scratch[$"{Math.Max(major, 1)}:{minor}"]).FullName;
        File.WriteAllText(Path.Combine(folder, "size"), "100\n");
        var disks = new DisksBelow(scratch.Path);
        Assert.SkipWhen(major == 0, "no block device lies below the temporary folder");
        Directory.CreateDirectory(scratch["0:1"]);
        var scanner = new FileScanner(ChunkParameters.Default, (_, _) => -Errno.EIO, disks);
        var sink = new Collector([]);
        scanner.Scan(file.Descriptor, file.Status, 0, Piece, sink);
        Assert.Single(sink.Bad);

        Directory.Delete(folder, recursive: true);
        var error = Assert.Throws<AslException>(() => scanner.Scan(file.Descriptor, file.Status, 0, Piece, sink)).Error;
        Assert.Equal((ErrorCode.SourceMissing, false), (error.Code, error.IsPermanent));
        Assert.Single(sink.Bad);
    }

    /// <summary>
    /// Scans a file of which some parts cannot be read; the good bytes kept are checked against their places. Through the cache a part spoils its page; parts
    /// smaller than a page can be read by sectors.
    /// </summary>
    private static (long Kept, List<(long Offset, long Length, int Errno)> Bad) Scan(int length, int[] badParts, int errno, int partBytes = Piece, int errnoPastTheCache = Errno.EIO)
    {
        using var file = new TemporaryFile(length);
        var content = new byte[length];
        new Random(42).NextBytes(content);

        var badPages = badParts.Select(part => part * partBytes / Piece).Distinct().ToArray();
        long Read(Span<byte> buffer, long offset) => ReadBefore(badPages, Piece, errno, buffer, offset);

        // To the end of the sector, as SectorReader does.
        long ReadSector(Span<byte> buffer, long offset) => ReadBefore(badParts, Sector, errnoPastTheCache, buffer[..(int)Math.Min(buffer.Length, Sector - (offset % Sector))], offset);

        long ReadBefore(int[] bad, int bytes, int error, Span<byte> buffer, long offset)
        {
            var end = (int)Math.Min(offset + buffer.Length, length);
            foreach (var part in bad.Order().Where(part => (part + 1) * (long)bytes > offset))
            {
                if (part * (long)bytes <= offset)
                {
                    return -error;
                }

                end = Math.Min(end, part * bytes);
                break;
            }

            content.AsSpan((int)offset, end - (int)offset).CopyTo(buffer);
            return end - offset;
        }

        var sink = new Collector(content);
        Assert.Equal(length, new FileScanner(ChunkParameters.Default, Read, readSectorInstead: partBytes == Sector ? ReadSector : null).Scan(file.Descriptor, file.Status, 0, length, sink));
        return (sink.Kept, sink.Bad);
    }

    private sealed class Collector(byte[] expected) : IPieceSink
    {
        private byte[] _buffer = [];
        private long _offset;

        internal long Kept { get; private set; }

        internal List<(long Offset, long Length, int Errno)> Bad { get; } = [];

        public Span<byte> Buffer => _buffer;

        public void Renew(int from, int length, long remaining)
        {
            var fresh = new byte[(int)Math.Min(ChunkParameters.BytesLimit, length + remaining)];
            _buffer.AsSpan(from, length).CopyTo(fresh);
            _buffer = fresh;
        }

        public void OnChunk(int start, int length)
        {
            var chunk = _buffer.AsSpan(start, length);
            Assert.True(chunk.SequenceEqual(expected.AsSpan((int)_offset, chunk.Length)), $"wrong bytes at {_offset}");
            Kept += chunk.Length;
            _offset += chunk.Length;
        }

        public void OnHole(long length) => Assert.Fail("the file has no hole");

        public void OnBadRange(long length, int errno)
        {
            Bad.Add((_offset, length, errno));
            _offset += length;
        }
    }

    /// <summary>A file of a length, without holes as far as the scanner asks.</summary>
    private sealed class TemporaryFile : IDisposable
    {
        private readonly string _path = Path.GetTempFileName();

        internal TemporaryFile(int length)
        {
            File.WriteAllBytes(_path, new byte[length]);
            Descriptor = Posix.OpenAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_path), OpenFlags.ReadOnly);
            Assert.True(Descriptor >= 0);
            _ = Posix.Flush(Descriptor); // so that its blocks are counted
            Assert.Equal(0, Posix.Stat(Descriptor, out var status));
            Status = status;
        }

        internal int Descriptor { get; }

        internal FileStatus Status { get; }

        public void Dispose()
        {
            _ = Posix.Close(Descriptor);
            File.Delete(_path);
        }
    }
}
