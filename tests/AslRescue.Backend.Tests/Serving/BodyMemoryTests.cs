namespace AslRescue.Backend.Tests.Serving;

/// <summary>Alone: what is held is counted for the whole process.</summary>
[CollectionDefinition(nameof(BodyMemoryTests), DisableParallelization = true)]
[Collection(nameof(BodyMemoryTests))]
public sealed class BodyMemoryTests
{
    private const long Limit = 64 << 20;

    [Fact]
    public void Bodies_without_number_do_not_take_memory_without_end()
    {
        using var bench = new ServerBench(options => options with { BodyBytesMax = Limit });
        var before = Environment.WorkingSet;
        Assert.Contains(Enumerable.Range(0, 3), _ => Growth(bench, before) <= 200 << 20); // What the runtime takes for a moment counts, too.
    }

    private static long Growth(ServerBench bench, long before)
    {
        var held = Enumerable.Range(0, 200).Select(_ => RawRequest.To(bench)).ToList();
        foreach (var raw in held)
        {
            raw.Write("PUT /v1/objects/blocks/aa/aa" + new string('0', 62) + $" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer intake\r\nIf-None-Match: *\r\nContent-Length: {30 << 20}\r\n\r\n");
            raw.Write(new byte[64 << 10]);
        }

        var taken = bench.BodyMemory();
        var growth = Environment.WorkingSet - before;
        held.ForEach(raw => raw.Dispose());
        Assert.InRange(taken, 1, Limit);
        return growth;
    }
}
