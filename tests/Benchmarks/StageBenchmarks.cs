using AslRescue.Shared;
using AslRescue.Shared.Interop;
using AslRescue.Store.Blocks;
using BenchmarkDotNet.Attributes;

namespace AslRescue.Benchmarks;

/// <summary>What is done with each chunk once it is cut.</summary>
public class StageBenchmarks
{
    private readonly Zstd.Compressor _compressor = new(BlockWriter.Compression);
    private readonly byte[] _random = new byte[64 << 10];
    private readonly byte[] _words = new byte[512 << 10];
    private readonly byte[] _compressed = new byte[512 << 10];
    private readonly (int Start, int Length)[] _chunks = [.. Enumerable.Range(0, 8).Select(index => (index * (64 << 10), 64 << 10))];
    private readonly (int Start, int Length)[] _manyChunks = [.. Enumerable.Range(0, 32).Select(index => (index % 8 * (64 << 10), 64 << 10))];
    private readonly Digest[] _keys = new Digest[32];

    /// <summary>Random bytes, and words in random order.</summary>
    [GlobalSetup]
    public void Fill()
    {
        var random = new Random(1);
        random.NextBytes(_random);
        for (var offset = 0; offset + 16 <= _words.Length; offset += 16)
        {
            _random.AsSpan(random.Next(256) * 16, 16).CopyTo(_words.AsSpan(offset));
        }
    }

    /// <summary>The key of a chunk of 64 KiB.</summary>
    [Benchmark]
    public Digest Hash() => Digest.Of(_random);

    /// <summary>The keys of eight chunks of 64 KiB at once.</summary>
    [Benchmark]
    public void HashEight() => Digest.OfParts(_words, _chunks, _keys);

    /// <summary>The keys of thirty-two: sixteen at once, where the processor has AVX-512.</summary>
    [Benchmark]
    public void HashThirtyTwo() => Digest.OfParts(_words, _manyChunks, _keys);

    /// <summary>The same, and the digest of all of them as one.</summary>
    [Benchmark]
    public void HashEightAndTheWhole()
    {
        using var whole = new DigestStream();
        Digest.OfParts(_words, _chunks, _keys, whole);
    }

    /// <summary>A frame of 512 KiB.</summary>
    [Benchmark]
    public int CompressFrame() => _compressor.Compress(_words, _compressed);

    /// <summary>Frees the compressor.</summary>
    [GlobalCleanup]
    public void Free() => _compressor.Dispose();
}
