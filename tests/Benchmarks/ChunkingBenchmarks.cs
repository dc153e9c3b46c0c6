using AslRescue.Store.Chunking;
using BenchmarkDotNet.Attributes;

namespace AslRescue.Benchmarks;

/// <summary>The ways to look for a cut, over 16 MiB without one.</summary>
public class ChunkingBenchmarks
{
    private readonly byte[] _data = new byte[16 << 20];

    /// <summary>As the processor allows; others are left out.</summary>
    [ParamsSource(nameof(Ways))]
    public string Way { get; set; } = "";

    /// <summary>The ways that this processor has.</summary>
    public static IEnumerable<string> Ways => Enum.GetNames<GearScan.Way>().Where(name => Enum.Parse<GearScan.Way>(name) <= GearScan.Best);

    /// <summary>Random bytes.</summary>
    [GlobalSetup]
    public void Fill() => new Random(1).NextBytes(_data);

    /// <summary>One scan.</summary>
    [Benchmark]
    public int Scan() => GearScan.Find(Enum.Parse<GearScan.Way>(Way), _data, GearScan.WindowBytes, _data.Length, 0);
}
