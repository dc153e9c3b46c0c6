using System.Text.RegularExpressions;
using AslRescue.Preflight.Explanations;

namespace AslRescue.Preflight.Tests.Explanations;

/// <summary>Explanations as an operator reads them: golden/explain-*.txt.</summary>
public sealed partial class ExplanationGoldenTests
{
    public static TheoryData<string> Shown =>
    [
        "pool-approved", "pool-exported", "remote-approved", "remote-answers", "bare-no-network", "captive-portal", "foreign-without-hostid",
        "two-exported-pools", "local-ordered-remote-answers", "remote-ordered-pool-approved", "remote-by-command-line", "pool-named-by-yaml",
        "lsblk-missing", "configuration-broken",
    ];

    [Theory]
    [MemberData(nameof(Shown))]
    public async Task A_decision_is_explained(string machine) =>
        Golden.CompareNamed("explain-" + machine, (await RecordedMachines.ExplainAsync(machine)).Text);

    [Fact]
    public async Task A_decision_is_explained_as_JSON() => Golden.CompareNamed(
        "explain-pool-exported-json", Times().Replace((await RecordedMachines.ExplainAsync("pool-exported")).Json, "\"milliseconds\": 0"));

    [Fact]
    public async Task The_goldens_show_each_mode_and_each_order()
    {
        var shown = new List<Explanation>();
        foreach (var name in Shown)
        {
            shown.Add(await RecordedMachines.ExplainAsync(name));
        }

        Assert.Equal(["local", "remote", "wait"], shown.Select(one => one.Decision.Mode).Distinct().Order());
        var orders = shown.Select(one => one.Facts.Single(fact => fact.Id == "config.mode").Value).Distinct();
        Assert.Equal(["auto", "local", "remote", "unknown"], orders.Order());
    }

    [Fact]
    public async Task Every_machine_is_explained_for_a_console_of_80_columns()
    {
        foreach (var (name, _) in await RecordedMachines.AllAsync())
        {
            Assert.All((await RecordedMachines.ExplainAsync(name)).Text.Split('\n'), line => Assert.True(line.Length <= 80, $"{name}: {line}"));
        }
    }

    [GeneratedRegex("\"milliseconds\": [0-9.E-]+")]
    private static partial Regex Times();
}
