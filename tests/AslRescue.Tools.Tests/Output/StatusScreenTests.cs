using System.CommandLine;
using AslRescue.Intake.Control;
using AslRescue.Intake.Steps;
using AslRescue.Testing;
using AslRescue.Tools.Output;
using AslRescue.Tools.Tests.Running;
using AslRescue.Tools.Verbs;
using Spectre.Console.Rendering;

namespace AslRescue.Tools.Tests.Output;

/// <summary>The screen of `status`: golden/status-*.txt. What the real programs show is in docs/screens.</summary>
public sealed class StatusScreenTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly IntakeStatus Asked = new()
    {
        Run = "20261123T115800Z-3f9a51c2",
        State = "AwaitingApproval",
        Since = Noon.AddMinutes(-2),
        Reason = "one pool fits; nobody has approved of it yet (row auto-local-ask): pool tank",
        Decision = new("local", "auto-local-ask", "one pool fits; nobody has approved of it yet"),
        Backend = "pool tank (guid 1234567890123456789), dataset tank/asl, mounted at /mnt/asl/local",
        Sources = ["/dev/sda"],
        Request = new(
            new string('a', 64), "pool tank (guid 1234567890123456789), dataset tank/asl, mounted at /mnt/asl/local",
            "the pool was never exported by its last owner, db1 (hostid 007f0100); it is imported by force: make sure that host does not use it",
            ["/dev/sda"], 840, "the pool is foreign: only an operator, or \"1234567890123456789@db1\", approves it, not \"tank\""),
        Type = ["asl-intake approve aaaaaaaa", "asl-intake deny aaaaaaaa"],
        JournalSequence = 12,
        JournalHash = new string('b', 64),
    };

    [Fact]
    public void A_foreign_pool_is_asked_about_with_its_owner() => Shows("foreign-pool", Asked);

    [Fact]
    public void What_is_too_long_is_shortened_but_for_the_commands()
    {
        var path = "/mnt/" + string.Join('/', Enumerable.Repeat("a folder with a long name", 12));
        Shows("long", Asked with
        {
            Sources = [path, "/mnt/日本語のフォルダー/" + new string('語', 60), path, path, path],
            Request = Asked.Request! with { Sources = [path, "/mnt/日本語のフォルダー/" + new string('語', 60), path, path, path], Backend = $"directory {path}" },
            Decision = Asked.Decision! with { Because = string.Join(", and ", Enumerable.Repeat("a reason that explains much", 20)) },
            Error = new("ASL6010", "the backend cannot be attached", path, string.Join(' ', Enumerable.Repeat("because", 80)), "look at it"),
            Type = [$"asl-intake approve --root {ShellWords.Quote(path)} aaaaaaaa"],
        });
    }

    [Fact]
    public void A_halted_run_says_what_failed_and_what_to_do() => Shows("halted", Asked with
    {
        State = "Halted",
        Reason = "the backend cannot be attached: cannot import 'tank': one or more devices is currently unavailable",
        Request = null,
        Retries = 5,
        Error = new("ASL6010", "the backend cannot be attached", "pool tank", "cannot import 'tank': one or more devices is currently unavailable", "zpool import   (says which device is missing)"),
        Type = ["systemctl restart asl-intake"],
        ExitCode = 6,
    });

    [Fact]
    public void Names_cannot_drive_the_terminal()
    {
        var lines = StatusScreen.Lines(Asked with { Request = null, Sources = ["/mnt/\u001b[31mred\u0007"] }, Noon);

        Assert.DoesNotContain(lines, line => line.Any(char.IsControl));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(23)]
    public void Fewer_lines_leave_the_commands(int lines) =>
        Assert.All(Asked.Type, command => Assert.Contains(StatusScreen.Lines(Asked, Noon, lines), line => line.EndsWith(command, StringComparison.Ordinal)));

    [Fact]
    public void A_wrapped_command_is_the_same_to_a_shell()
    {
        using var scratch = new Scratch();
        var path = scratch.PathOf(new string('x', 150) + " 'and' \"quotes\" $HOME `id` \\ é") + new string('y', 90);
        var command = string.Join('\n', ShellWords.Wrap($"printf '%s\\n' {ShellWords.Quote(path)} end", 60));

        Assert.Equal($"{path}\nend\n", scratch.Shell(command).EndsWith(0).Output);
        Assert.All(command.Split('\n'), line => Assert.True(line.Length <= 60, line));
    }

    [Theory]
    [InlineData("asl-admin verify --data   (reads all)", "asl-admin verify --root /mnt/my\\ root --store S --data   (reads all)")]
    [InlineData("systemctl restart asl-intake   (asks again)", "asl-intake serve --root /mnt/my\\ root   (asks again)")]
    [InlineData("nothing was attached; asl-intake ingest SOURCE… begins anew", "nothing was attached; asl-intake ingest --root /mnt/my\\ root --store S SOURCE… begins anew")]
    [InlineData("asl-intake tells why", "asl-intake tells why")]
    [InlineData("asl-admin ls --help", "asl-admin ls --help")]
    [InlineData("asl-intake resume --store /other   (goes on)", "asl-intake resume --root /mnt/my\\ root --store /other   (goes on)")]
    public void Hints_repeat_the_root_and_the_store_that_were_given(string hint, string expected)
    {
        var parsed = AdminProgram.Build().Parse(["verify", "--root", "/mnt/my root", "--store", "S"]);

        Assert.Equal(expected, Hints.Of(parsed).In(hint));
        Assert.Equal(hint, Hints.Of(AdminProgram.Build().Parse(["verify"])).In(hint));
    }

    [Fact]
    public async Task Lines_are_appended_for_news_at_once_and_for_progress_every_ten_seconds()
    {
        var time = new ManualTime();
        using var output = new StringWriter { NewLine = "\n" };

        var last = await StatusWatch.AppendAsync(Statuses(time), output, time);

        Golden.Equal("watch-lines", output.ToString());
        Assert.Equal(3, last?.ExitCode);
    }

    private static async IAsyncEnumerable<IntakeStatus> Statuses(ManualTime time)
    {
        yield return Asked;
        yield return Asked with { JournalSequence = 13 };
        var ingesting = Asked with { State = "Ingesting", Request = null, Reason = "attached", Detail = null };
        for (var second = 0; second < 25; second++)
        {
            var progress = new ProgressView(second * 100_000_000L, 4_000_000_000, second, second > 20 ? 1 : 0, "reading")
            {
                StoredBytes = second * 50_000_000L,
                BytesPerSecond = second == 0 ? null : 100_000_000,
                BadBytes = second > 20 ? 4096 : 0,
                BadAreas = second > 20 ? 1 : 0,
            };
            yield return ingesting with { Progress = progress };
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        yield return ingesting with { State = "Retrying", Retries = 1, Detail = "retry 1 of 5 in 2.0 s" };
        yield return ingesting with { State = "Sealed", Retries = 1, Reason = "snapshot 3f9a", ExitCode = 3 };
    }

    private static void Shows(string golden, IntakeStatus status)
    {
        var lines = StatusScreen.Lines(status, Noon);

        Assert.True(lines.Count <= 23, $"{lines.Count} lines");
        Assert.All(lines, line => Assert.True(new Segment(line).CellCount() <= 79, line));
        Golden.Equal($"status-{golden}", string.Join('\n', lines) + "\n");
    }
}
