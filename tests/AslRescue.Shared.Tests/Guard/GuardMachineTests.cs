using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;

namespace AslRescue.Shared.Tests.Guard;

public sealed class GuardMachineTests
{
    public static TheoryData<string> Names => [.. Directory.GetDirectories(GuardMachine.All).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_source_of_a_machine_is_judged_as_recorded(string name)
    {
        var machine = await GuardMachine.OpenAsync(name);
        List<string> wrong = [];
        string? pool = null;
        foreach (var line in machine.Expected)
        {
            pool = line.StartsWith("pool ", StringComparison.Ordinal) ? line["pool ".Length..] : pool;
            if (line.Split('|', StringSplitOptions.TrimEntries) is [var by, var source, var rule, var reason])
            {
                var found = by == "write" ? Write(machine, source) : Judge(machine, by, source, pool);
                var isRight = found.Rule == rule || (by == "write" && found.Text.Contains(rule, StringComparison.Ordinal));
                if (!isRight || (reason.Length == 0 ? found.Text.Length > 0 : !found.Text.Contains(reason, StringComparison.Ordinal)))
                {
                    wrong.Add($"{line}\n   but: {found.Rule} | {found.Text}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_rule_is_met_by_a_machine()
    {
        var met = Directory.GetFiles(GuardMachine.All, "expect", SearchOption.AllDirectories).SelectMany(File.ReadLines)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 4).Select(cells => cells[2]).ToHashSet();
        Assert.All(Enum.GetValues<GuardRule>(), rule => Assert.Contains(new SourceVerdict("x", rule, "", "", []).RuleWord, met));
    }

    private static (string Rule, string Text) Judge(GuardMachine machine, string by, string source, string? pool)
    {
        ProtectedPlace[] places =
        [
            pool is null ? ProtectedPlace.Written("the store", machine.Word("store")) : ProtectedPlace.Pool(null, pool),
            ProtectedPlace.Written("the state of intake", machine.Word("state")),
            ProtectedPlace.Written("what intake shares at run time", machine.Word("run")), ProtectedPlace.RunningSystem,
        ];
        var verdict = new SourceGuard(machine.Storage, places, by == "service" ? GuardCaller.Service : GuardCaller.ByHand).Judge(source);
        Assert.Equal(verdict.IsAllowed, verdict.Refusal is null);
        return (verdict.RuleWord, verdict.Why ?? string.Concat(verdict.Warnings.Select(warning => "warning: " + warning)));
    }

    private static (string Rule, string Text) Write(GuardMachine machine, string source)
    {
        WriteRoot[] roots =
        [
            new(ProtectedPlace.Written("the state of intake", machine.Word("state")), "/"),
            new(ProtectedPlace.Written("what intake shares at run time", machine.Word("run")), "/"),
        ];
        try
        {
            WriteGuard.CheckLinks(roots, machine);
            WriteGuard.CheckPlaces(roots, machine.Storage, [source], GuardCaller.Service);
            return ("ok", "");
        }
        catch (AslException refused)
        {
            Assert.Equal((ErrorCode.WriteRefused, ExitCodes.WriteRefused), (refused.Error.Code, ExitCodes.For(refused.Error.Code)));
            return ("refused", refused.Error.ToString());
        }
    }
}
