using System.Text;
using System.Text.RegularExpressions;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>What --help says, for every verb that a program lists: golden/help-*.txt.</summary>
public sealed partial class HelpTests
{
    [Theory]
    [InlineData("asl-intake")]
    [InlineData("asl-admin")]
    [InlineData("asl-debug")]
    public void Help_of_a_program_and_of_each_of_its_verbs_is_as_reviewed(string program)
    {
        using var scratch = new Scratch();
        var all = new StringBuilder();
        Queue<string[]> open = new([[]]);
        while (open.TryDequeue(out var verb))
        {
            var help = scratch.Run(program, [.. verb, "--help"]).EndsWith(0);
            Assert.Empty(help.Error);
            all.Append($"$ {string.Join(' ', [program, .. verb])} --help\n{ProcessorCount().Replace(help.Output, "[default: CORES]").TrimEnd()}\n\n");
            foreach (var name in VerbsOf(help.Output))
            {
                open.Enqueue([.. verb, name]);
            }
        }

        Golden.Equal($"help-{program}", scratch.WithPlaceholders(all.ToString()));
    }

    [Theory]
    [InlineData("asl-intake")]
    [InlineData("asl-admin")]
    [InlineData("asl-debug")]
    public void Help_calls_a_program_by_the_name_it_was_called_by(string program)
    {
        using var scratch = new Scratch();

        var help = scratch.Run(program, "--help").EndsWith(0);

        Assert.Contains($"{program} [command]", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_is_one_line()
    {
        using var scratch = new Scratch();

        var version = scratch.Shell("asl-admin --version").EndsWith(0);

        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+\n$", version.Output);
    }

    private static IEnumerable<string> VerbsOf(string help)
    {
        var (_, commands) = help.Split("\nCommands:\n") is [var before, var after] ? (before, after) : ("", "");
        return commands.Split('\n').Select(line => VerbLine().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);
    }

    [GeneratedRegex("^  ([a-z][a-z-]*)( |$)")]
    private static partial Regex VerbLine();

    [GeneratedRegex(@"(?<=--workers <N>.*)\[default: [0-9]+\]")]
    private static partial Regex ProcessorCount();
}
