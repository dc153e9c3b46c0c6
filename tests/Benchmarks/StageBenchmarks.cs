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

    /// <summary>A frame of 512 KiB.</summary>
    [Benchmark]
    public int CompressFrame() => _compressor.Compress(_words, _compressed);

    /// <summary>Frees the compressor.</summary>
    [GlobalCleanup]
    public void Free() => _compressor.Dispose();
}
