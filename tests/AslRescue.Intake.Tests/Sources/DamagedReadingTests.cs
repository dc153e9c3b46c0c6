using AslRescue.Intake.Sources;
using AslRescue.Shared.Interop;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Tests.Sources;

public sealed class DamagedReadingTests
{
    private const int Piece = DamagedReader.PieceBytes;

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

    /// <summary>Scans a file of which some pieces cannot be read; the good bytes kept are checked against their places.</summary>
    private static (long Kept, List<(long Offset, long Length, int Errno)> Bad) Scan(int length, int[] badPieces, int errno)
    {
        using var file = new TemporaryFile(length);
        var content = new byte[length];
        new Random(42).NextBytes(content);

        long Read(Span<byte> buffer, long offset)
        {
            var end = (int)Math.Min(offset + buffer.Length, length);
            foreach (var piece in badPieces.Order().Where(piece => (piece + 1) * (long)Piece > offset))
            {
                if (piece * (long)Piece <= offset)
                {
                    return -errno;
                }

                end = Math.Min(end, piece * Piece);
                break;
            }

            content.AsSpan((int)offset, end - (int)offset).CopyTo(buffer);
            return end - offset;
        }

        var sink = new Collector(content);
        Assert.Equal(length, new FileScanner(ChunkParameters.Default, Read).Scan(file.Descriptor, file.Status, 0, length, sink));
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
