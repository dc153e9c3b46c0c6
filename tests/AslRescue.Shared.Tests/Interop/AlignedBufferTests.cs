using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Tests.Interop;

/// <summary>What a server holds bodies of requests in. Alone: what is held is counted for the whole process.</summary>
[CollectionDefinition(nameof(AlignedBufferTests), DisableParallelization = true)]
[Collection(nameof(AlignedBufferTests))]
public sealed class AlignedBufferTests
{
    private const int Large = 24 << 20;

    [Fact]
    public void The_memory_of_large_buffers_is_given_back_when_they_are_disposed()
    {
        // As a server uses them: from several threads, of many sizes, with small ones that stay. The C library's heaps keep some 700 MB of that.
        var small = new ConcurrentBag<AlignedBuffer>();
        var before = AnonymousBytes();
        var threads = Enumerable.Range(0, 8).Select(seed => new Thread(() =>
        {
            var chance = new Random(seed);
            for (var index = 0; index < 30; index++)
            {
                using var large = Touched(chance.Next(8 << 20, 22 << 20));
                small.Add(Touched(4096));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.InRange(AnonymousBytes() - before, long.MinValue, 200L << 20);
        Assert.All(small, buffer => buffer.Dispose());
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(4097, 8192)]
    [InlineData((1 << 20) - 1, 1 << 20)]
    [InlineData(Large, Large)]
    public void A_buffer_starts_at_a_page_and_can_be_disposed_twice(int asked, int given)
    {
        var buffer = Touched(asked);
        Assert.Equal(given, buffer.Length);
        Assert.True(AlignedBuffer.IsAligned(buffer.Span));
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
    }

    private static AlignedBuffer Touched(int length)
    {
        var buffer = new AlignedBuffer(length);
        buffer.Span.Fill(1);
        return buffer;
    }

    private static long AnonymousBytes()
    {
        var line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
