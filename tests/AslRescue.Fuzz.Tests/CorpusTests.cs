using AslRescue.Fuzz.Targets;

namespace AslRescue.Fuzz.Tests;

/// <summary>
/// Every input of tests/Fuzz/corpus through its target: seeds, what reached new branches, and each input that was ever a finding (found-…). New ones come from
/// tests/fuzz; docs/fuzzing.md says how.
/// </summary>
public sealed class CorpusTests
{
    private const long CorpusBytesMax = 2_000_000;

    public static TheoryData<string> Targets => [.. Catalog.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_of_the_corpus_is_parsed_or_refused(string name)
    {
        var target = Catalog.Find(name)!;
        var inputs = Directory.GetFiles(Catalog.CorpusOf(target));
        Assert.NotEmpty(inputs);
        foreach (var input in inputs)
        {
            try
            {
                GuardedRun.Run(target, File.ReadAllBytes(input));
            }
            catch (Exception finding)
            {
                Assert.Fail($"{Path.GetFileName(input)} of {name}: {finding}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_target_goes_on_behind_nothing_and_behind_noise(string name)
    {
        var target = Catalog.Find(name)!;
        GuardedRun.Run(target, []);
        for (var seed = 0UL; seed < 20; seed++)
        {
            GuardedRun.Run(target, Testing.SeededBytes.Of(seed, 64));
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Seeds_are_what_the_program_makes_today(string name)
    {
        var target = Catalog.Find(name)!;
        foreach (var (seed, content) in target.Seeds().Where(seed => seed.Content.Length > 0 && seed.Content.Length <= target.InputBytesMax))
        {
            var path = Path.Combine(Catalog.CorpusOf(target), "seed-" + seed);
            Assert.True(File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content), $"{path} is not what --seeds writes: AslRescue.Fuzz --seeds tests/Fuzz/corpus");
        }
    }

    [Fact]
    public void The_corpus_is_small_belongs_to_targets_and_says_nothing_of_this_machine()
    {
        var files = Directory.GetFiles(Path.Combine(Fixtures.Root, "tests/Fuzz/corpus"), "*", SearchOption.AllDirectories);
        Assert.True(files.Sum(file => new FileInfo(file).Length) < CorpusBytesMax);
        Assert.All(files, file => Assert.NotNull(Catalog.Find(Path.GetFileName(Path.GetDirectoryName(file)!))));
        Assert.All(files, file => Assert.True(new FileInfo(file).Length <= Catalog.Find(Path.GetFileName(Path.GetDirectoryName(file)!))!.InputBytesMax, $"{file} is longer than its target takes"));
        byte[][] facts = [.. ((string[])["/etc/machine-id", "/proc/sys/kernel/random/boot_id"]).Where(File.Exists).Select(path => File.ReadAllText(path).Trim()).Append(Environment.MachineName)
            .Where(fact => fact.Length > 8).Select(System.Text.Encoding.UTF8.GetBytes)];
        Assert.All(files, file => Assert.All(facts, fact => Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(fact))));
    }
}
