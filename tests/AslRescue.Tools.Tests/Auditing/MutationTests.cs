using System.Globalization;
using AslRescue.Audit;
using AslRescue.Store;
using AslRescue.Store.Checking;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>
/// Random alterations of real evidence, of every kind: each must be found, none may crash the verifier. ASL_MUTATIONS=N sets how many,
/// ASL_MUTATION_SEED=N repeats a run, ASL_MUTATION_REPORT names a file for the counts; tests/mutations makes 10,000.
/// </summary>
public sealed class MutationTests(SealedEvidence evidence, ITestOutputHelper output) : IClassFixture<SealedEvidence>
{
    private const int Usual = 1000;

    [Fact]
    public void Every_alteration_is_found()
    {
        var count = Setting("ASL_MUTATIONS") ?? Usual;
        var seed = Setting("ASL_MUTATION_SEED") ?? Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Report([$"seed {seed}"]);
        List<string> report = [];
        Assert.Equal(Standing.Holds, AuditTests.Judge(evidence.Files).Standing);
        var tally = Mutations.All.ToDictionary(mutation => mutation.Name, _ => new SortedDictionary<string, int>(StringComparer.Ordinal));
        for (var index = 0; index < count; index++)
        {
            var mutation = Mutations.All[index % Mutations.All.Length];
            var random = new Random(unchecked(seed + index));
            var altered = Drawn(mutation, random);
            var found = mutation.IsData ? FindInData(altered) : FindInEvidence(altered, mutation.NeedsKey ? evidence.Trust : AuditTrust.None);
            Assert.True(found is not null, $"not found: {mutation.Name}, seed {seed + index}");
            tally[mutation.Name][found] = tally[mutation.Name].GetValueOrDefault(found) + 1;
        }

        foreach (var (name, kinds) in tally)
        {
            report.Add($"{name,-48} {kinds.Values.Sum(),5}  {string.Join(", ", kinds.Select(kind => $"{kind.Key} {kind.Value}"))}");
        }

        report.Add($"{count} alterations, {tally.Values.Sum(kinds => kinds.Values.Sum())} found, 0 accepted");
        report.ForEach(output.WriteLine);
        Report(report);
    }

    private static void Report(IEnumerable<string> lines)
    {
        if (Environment.GetEnvironmentVariable("ASL_MUTATION_REPORT") is { } path)
        {
            File.AppendAllLines(path, lines);
        }
    }

    private IReadOnlyDictionary<string, byte[]> Drawn(Mutation mutation, Random random)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            if (mutation.Apply(evidence, random) is { } altered)
            {
                return altered;
            }
        }

        throw new InvalidOperationException($"{mutation.Name} never alters anything");
    }

    /// <summary>The kind of the first finding, or that nothing vouches for it any more; null when the evidence was accepted.</summary>
    private static string? FindInEvidence(IReadOnlyDictionary<string, byte[]> altered, AuditTrust trust)
    {
        var result = AuditResult.Replay(AuditTests.Bundle(altered), trust);
        return AuditTests.Findings(result).FirstOrDefault()?.Word ?? (result.Standing == Standing.Holds ? null : "unanchored");
    }

    private string? FindInData(IReadOnlyDictionary<string, byte[]> altered)
    {
        var changed = altered.Single(file => !evidence.Files[file.Key].AsSpan().SequenceEqual(file.Value));
        var path = Path.Combine(evidence.Store, changed.Key);
        try
        {
            Write(path, changed.Value);
            using var store = ArtifactStore.Open(evidence.Store);
            return new StoreVerifier(store, withData: true).Run(1, CancellationToken.None).Errors is [var error, ..] ? error.CodeText : null;
        }
        finally
        {
            Write(path, evidence.Files[changed.Key]);
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(path, bytes);
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null;
}
