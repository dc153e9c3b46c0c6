using AslRescue.Shared;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using BenchmarkDotNet.Attributes;

namespace AslRescue.Benchmarks;

/// <summary>Look-ups in one full segment in a directory, read from the page cache.</summary>
public class LookUpBenchmarks
{
    private const long Count = 1_000_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("asl-benchmark-").FullName;
    private DirectoryBackend? _backend;
    private ArtifactIndex? _index;
    private int _number;

    /// <summary>Writes the segment.</summary>
    [GlobalSetup]
    public void Write()
    {
        _backend = new(_folder);
        _index = new(_backend, [SyntheticIndex.Write(_backend, new StoreFormat(), Count)]);
    }

    /// <summary>An artifact that is new.</summary>
    [Benchmark]
    public bool New() => _index!.Contains(Digest.Of(BitConverter.GetBytes(_number++)));

    /// <summary>An artifact that is there.</summary>
    [Benchmark]
    public bool Known() => _index!.Contains(SyntheticIndex.Key(_number++ % Count, Count));

    /// <summary>Removes the segment.</summary>
    [GlobalCleanup]
    public void Remove()
    {
        _index?.Dispose();
        _backend?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
