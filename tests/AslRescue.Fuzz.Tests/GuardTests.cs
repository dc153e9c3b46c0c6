using AslRescue.Shared.Errors;

namespace AslRescue.Fuzz.Tests;

/// <summary>What counts as a finding: a check that cannot fail would find nothing for ever. Alone, because the time that an input takes is the whole process's.</summary>
[CollectionDefinition(nameof(GuardTests), DisableParallelization = true)]
[Collection(nameof(GuardTests))]
public sealed class GuardTests
{
    [Fact]
    public void An_exception_that_no_contract_names_is_a_finding() =>
        Assert.Throws<KeyNotFoundException>(() => GuardedRun.Run(new("broken", _ => FuzzTarget.Refusing<int>(() => throw new KeyNotFoundException())), [1]));

    [Fact]
    public void A_refusal_with_words_is_none_and_one_without_is()
    {
        GuardedRun.Run(new("refusing", _ => FuzzTarget.Refusing<int>(() => throw new AslException(new(ErrorCode.BlockCorrupt, "x") { Fix = "y" }))), [1]);
        GuardedRun.Run(new("documented", _ => FuzzTarget.Refusing<int>(() => throw new FormatException(), typeof(FormatException))), [1]);

        Assert.Throws<FindingException>(() => GuardedRun.Run(new("silent", _ => FuzzTarget.Refusing<int>(() => throw new AslException(new(ErrorCode.BlockCorrupt, "x") { Fix = "" }))), [1]));
    }

    [Fact]
    public void More_memory_than_the_input_is_worth_is_a_finding()
    {
        var target = new FuzzTarget("greedy", input => GC.KeepAlive(new byte[input.Length * 2000])) { BytesFixed = 1 << 20, BytesPerByte = 1000 };

        GuardedRun.Run(target, new byte[100]);
        Assert.Throws<FindingException>(() => GuardedRun.Run(target, new byte[4000]));
    }

    [Fact]
    public void More_than_a_second_of_a_processor_is_a_finding() =>
        Assert.Throws<FindingException>(() => GuardedRun.Run(new("slow", _ =>
        {
            var end = Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(1.2);
            while (Environment.CpuUsage.TotalTime < end)
            {
                Thread.SpinWait(1000);
            }
        }), [1]));

    [Fact]
    public void A_finding_is_made_shorter_and_stays_the_same_finding()
    {
        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, [.. new byte[1000], 7, .. new byte[1000]]);
        try
        {
            Assert.Equal(0, Minimiser.Run(new("seven", input => FuzzTarget.Holds(!input.Contains((byte)7), "there is a seven")), file));
            Assert.Equal([7], File.ReadAllBytes(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Checksums_and_keys_of_a_block_are_made_right_so_that_its_content_is_reached()
    {
        var (_, block) = Catalog.Find("block")!.Seeds().First();
        block[40] ^= 0xff;
        using var backend = new Testing.MemoryBackend();
        var repaired = Targets.BlockRepair.Of(block);
        var name = Targets.BlockRepair.NameOf(repaired);
        backend[Store.Backends.ObjectName.Block(name).Path] = repaired;

        var (footer, errors) = Store.Blocks.BlockCheck.Run(backend, name, decoder: null);

        Assert.Empty(errors);
        Assert.NotEmpty(footer.Entries);
    }
}
