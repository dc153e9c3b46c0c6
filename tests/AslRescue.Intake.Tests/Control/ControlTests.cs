using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.ServiceManager;

namespace AslRescue.Intake.Tests.Control;

public sealed class ControlTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_operator_approves_over_the_socket_and_the_run_seals()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false) { Change = parts => parts with { OnStatus = null } };
        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using (client)
        {
            var id = await IntakeRunTests.WaitFor(client, "AwaitingApproval");
            var status = await client.StatusAsync(Now);
            Assert.Equal(($"directory {bench.Store}", "local.approve-import is not set"), (status.Request!.Backend, status.Request.WhyNotByConfiguration));
            Assert.Equal([$"asl-intake approve {id[..8]}", $"asl-intake deny {id[..8]}"], status.Type);
            var asked = Stopwatch.StartNew();
            var after = await client.ApproveAsync(id[..8], Now);

            // The server waits two seconds for the effect, and a machine may be busier.
            while (after.State == "AwaitingApproval" && asked.Elapsed > TimeSpan.FromSeconds(1) && asked.Elapsed < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(50, Now);
                after = await client.StatusAsync(Now);
            }

            Assert.Contains(after.State, (string[])["AttachingLocal", "Ingesting", "Sealed"]); // What the yes led to, not where it was said.
            Assert.Null(after.Request);
        }

        var outcome = await run;
        Assert.Equal((IntakeState.Sealed, 0), (outcome.State, outcome.ExitCode));
        var approval = Approval.Parse(bench.Backend.Evidence.Single(item => item.Name == "approval").Content);
        Assert.Equal((Approvers.Operator, Shared.Interop.Posix.EffectiveUser()), (approval.By, approval.Uid));
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    [Fact]
    public async Task A_denial_ends_the_run_before_anything_is_attached()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using (client)
        {
            await client.DenyAsync(await IntakeRunTests.WaitFor(client, "AwaitingApproval"), Now);
        }

        var outcome = await run;
        Assert.Equal((IntakeState.Halted, ExitCodes.Denied), (outcome.State, outcome.ExitCode));
        Assert.Empty(bench.Attach.Calls);
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task Wrong_replayed_and_malformed_approvals_are_refused_and_journalled()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            var first = await IntakeRunTests.WaitFor(client, "AwaitingApproval");
            await client.AddAsync("/mnt/more", Now);
            Assert.Contains("of the past", await RefusedAsync(client.ApproveAsync(first, Now)), StringComparison.Ordinal);
            Assert.Contains("no request of this run", await RefusedAsync(client.ApproveAsync(new string('0', 64), Now)), StringComparison.Ordinal);
            Assert.Contains("no request id", await RefusedAsync(client.ApproveAsync("abc", Now)), StringComparison.Ordinal);
            Assert.Contains("no request id", await RefusedAsync(client.DenyAsync("../../etc/passwd", Now)), StringComparison.Ordinal);
            Assert.Contains("no absolute path", await RefusedAsync(client.AddAsync("relative", Now)), StringComparison.Ordinal);
            Assert.Contains("a source already", await RefusedAsync(client.AddAsync("/mnt/more", Now)), StringComparison.Ordinal);
            Assert.Equal(["/mnt/crashed", "/mnt/more"], (await client.StatusAsync(Now)).Request!.Sources);
        }

        await stop.CancelAsync();
        Assert.Equal(IntakeState.AwaitingApproval, (await run).State);
        Assert.Equal(6, bench.Records().Count(record => record.Kind == "refused"));
        Assert.Equal(["decided", "source-added"], Audit.Triggers(bench.Records()));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public async Task Without_a_source_nothing_can_be_approved_until_one_is_added()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        bench.Settings = bench.Settings with { Sources = [] };
        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using (client)
        {
            var id = await IntakeRunTests.WaitFor(client, "AwaitingApproval");
            Assert.Contains("no source", await RefusedAsync(client.ApproveAsync(id, Now)), StringComparison.Ordinal);
            await client.AddAsync("/mnt/more", Now);
            await client.ApproveAsync((await client.StatusAsync(Now)).Request!.Id, Now);
        }

        Assert.Equal(IntakeState.Sealed, (await run).State);
        Assert.Equal(["/mnt/more"], bench.Backend.Sources);
    }

    [Theory]
    [InlineData("Detecting")]
    [InlineData("AwaitingApproval")]
    [InlineData("AttachingLocal")]
    [InlineData("Ingesting")]
    [InlineData("Retrying")]
    public async Task Cancel_works_in_every_state_and_gives_everything_back(string state)
    {
        using var bench = new Bench(state == "AwaitingApproval" ? "nobody" : "directory", timeRunsByItself: false) { Attach = new FakeAttach { Holds = "import:42" } };
        if (state == "Detecting")
        {
            bench.Decisions.Reading = DecisionReading.Waiting("nothing is decided");
        }

        bench.Attach.OnAttach = state == "AttachingLocal" ? Forever : null;
        bench.Backend.OnPiece = state == "Ingesting" ? Forever : null;
        if (state == "Retrying")
        {
            bench.Attach.Faults.Enqueue(Failures.Passing());
        }

        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, state);
            await client.CancelAsync(Now);
        }

        var outcome = await run;
        Assert.Equal((IntakeState.Halted, ExitCodes.Halted), (outcome.State, outcome.ExitCode));
        Assert.Empty(bench.Attach.Imported);
        Assert.False(bench.Backend.IsOpen);
        Audit.Replay(bench.Records(), bench.Contract);
        Assert.Equal("cancelled", Audit.Triggers(bench.Records())[^1]);
    }

    [Theory]
    [InlineData("AwaitingApproval")]
    [InlineData("AttachingLocal")]
    [InlineData("Ingesting")]
    [InlineData("Retrying")]
    public async Task A_signal_in_any_state_leaves_a_run_that_can_be_resumed(string state)
    {
        using var bench = new Bench(timeRunsByItself: false) { Attach = new FakeAttach { Holds = "import:42" } };
        var settings = bench.Settings;
        bench.Settings = state == "AwaitingApproval" ? settings with { Sources = [] } : settings;
        bench.Attach.OnAttach = state == "AttachingLocal" ? Forever : null;
        bench.Backend.OnPiece = state == "Ingesting" ? Forever : null;
        if (state == "Retrying")
        {
            bench.Attach.Faults.Enqueue(Failures.Passing());
        }

        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, state);
            await stop.CancelAsync();
        }

        var outcome = await run;
        Assert.Equal((state, ExitCodes.Interrupted), (outcome.State.ToString(), outcome.ExitCode));
        Assert.Empty(bench.Attach.Imported);
        (bench.Attach.OnAttach, bench.Backend.OnPiece, bench.Settings) = (null, null, settings);
        bench.Time = new AslRescue.Testing.ManualTime { RunsByItself = true };
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Audit.Replay(bench.Backend.Records(outcome.Run), bench.Contract);
    }

    [Fact]
    public async Task An_operators_request_that_the_state_does_not_allow_is_refused_and_the_work_goes_on()
    {
        using var bench = new Bench(timeRunsByItself: false);
        var release = new TaskCompletionSource();
        bench.Backend.OnPiece = _ => release.Task;
        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, "Ingesting");
            Assert.Contains("nothing is asked: the run is Ingesting", await RefusedAsync(client.ApproveAsync(new string('a', 64), Now)), StringComparison.Ordinal);
            Assert.Contains("begin another run", await RefusedAsync(client.AddAsync("/mnt/more", Now)), StringComparison.Ordinal);
            release.SetResult();
        }

        Assert.Equal(IntakeState.Sealed, (await run).State);
    }

    [Fact]
    public async Task What_the_state_has_no_use_for_and_what_fails_a_condition_are_told_apart_to_the_operator_and_in_the_journal()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        bench.Decisions.Reading = DecisionReading.Waiting("nothing is decided");
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, "Detecting");
            var noSuch = (await Assert.ThrowsAsync<AslException>(() => client.ApproveAsync(new string('0', 64), Now))).Error;
            Assert.Equal(("the run cannot do this from where it stands", "nothing is asked: the run is Detecting"), (noSuch.What, noSuch.Why));
            var guard = (await Assert.ThrowsAsync<AslException>(() => client.AddAsync("relative", Now))).Error;
            Assert.Equal(("the request was refused", "'relative' is no absolute path"), (guard.What, guard.Why));
        }

        await stop.CancelAsync();
        await run;
        Assert.Equal(
            ["no-such-transition", "guard-failed"],
            bench.Records().Where(record => record.Kind == "refused").Select(record => record.Text("refusal")));
    }

    [Fact]
    public async Task A_flood_of_refused_requests_is_counted_and_does_not_fill_the_journal()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, "AwaitingApproval");
            for (var asked = 0; asked < 400; asked++)
            {
                await RefusedAsync(client.ApproveAsync(new string('0', 64), Now));
            }
        }

        await stop.CancelAsync();
        await run;
        var refused = bench.Records().Where(record => record.Kind == "refused").ToArray();
        Assert.Equal(256 + 2, refused.Length);
        Assert.EndsWith(", 384 refused requests so far", refused[^1].Text("what"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_has_begun_to_read_takes_no_further_source()
    {
        using var bench = new Bench(timeRunsByItself: true);
        bench.Settings = bench.Settings with { Retry = new RetrySettings { AttemptsMax = 1 } };
        bench.Backend.Faults.Enqueue(("piece", Failures.Passing()));
        var commands = bench.WithCommands();
        var add = new OperatorCommand(OperatorVerb.Add, "/mnt/more", new Peer(0, null));
        bench.OnRequest = id =>
        {
            if (bench.Statuses.Any(status => status.Failures > 0))
            {
                commands.Writer.TryWrite(add);
                commands.Writer.TryWrite(new OperatorCommand(OperatorVerb.Approve, id, new Peer(0, null)));
            }
        };
        Assert.Equal(IntakeState.Sealed, (await bench.RunAsync()).State);
        Assert.Contains("has begun to read", (await add.Answer)!.Why, StringComparison.Ordinal);
        Assert.Equal(["/mnt/crashed"], bench.Backend.Sources);
    }

    [Fact]
    public async Task Watching_shows_each_change_and_ends_with_the_run()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        var (run, client) = await bench.StartUntilAsync(CancellationToken.None);
        using var watcher = await ControlClient.ConnectAsync(bench.Paths, Now);
        List<string> seen = [];
        var begun = new TaskCompletionSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var status in watcher.WatchAsync(Now))
            {
                seen.Add(status.State);
                begun.TrySetResult();
            }
        }, Now);
        using (client)
        {
            await begun.Task;
            await client.ApproveAsync(await IntakeRunTests.WaitFor(client, "AwaitingApproval"), Now);
        }

        await run;
        await watching;
        Assert.Equal("Sealed", seen[^1]);
    }

    [Fact]
    public async Task Garbage_costs_the_client_its_answer_and_nobody_else_anything()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        using (client)
        {
            await IntakeRunTests.WaitFor(client, "AwaitingApproval");
            string[] garbage =
            [
                "", "null", "[]", "{}", "{\"verb\":null}", "{\"verb\":7}", "{\"verb\":\"approve\",\"id\":[]}", "\0\0\0", "GET / HTTP/1.1",
                "{\"verb\":\"status\"", new string('[', 5000), "{\"verb\":\"\\ud800\"}",
            ];
            foreach (var line in garbage)
            {
                var answer = await TalkAsync(bench, Encoding.UTF8.GetBytes(line + "\n"));
                Assert.False(JsonDocument.Parse(answer).RootElement.GetProperty("ok").GetBoolean());
            }

            Assert.Contains("at most", await TalkAsync(bench, new byte[40 * 1024]), StringComparison.Ordinal);
            await TalkAsync(bench, [0xff, 0xfe, (byte)'\n']);
            var random = new Random(20261123);
            for (var round = 0; round < 50; round++)
            {
                var bytes = new byte[random.Next(1, 2000)];
                random.NextBytes(bytes);
                await TalkAsync(bench, [.. bytes, (byte)'\n']);
            }

            Assert.Contains("no such request", await TalkAsync(bench, "{\"verb\":\"format\"}\n"u8.ToArray()), StringComparison.Ordinal);
            Assert.Equal("AwaitingApproval", (await client.StatusAsync(Now)).State);
        }

        await stop.CancelAsync();
        await run;
        Assert.Equal("unknown format", Assert.Single(bench.Records(), record => record.Kind == "refused").Text("what"));
    }

    [Fact]
    public async Task Many_clients_and_those_that_say_nothing_do_not_lock_others_out_for_long()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        var (run, client) = await bench.StartUntilAsync(stop.Token);
        List<Socket> silent = [];
        for (var other = 0; other < 40; other++)
        {
            var socket = ControlSocket.New();
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Paths.Socket), Now);
            silent.Add(socket);
        }

        Assert.NotNull(await client.StatusAsync(Now));
        silent.ForEach(socket => socket.Dispose());
        for (var waited = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var fresh = await ControlClient.ConnectAsync(bench.Paths, Now);
                Assert.NotNull(await fresh.StatusAsync(Now));
                break;
            }
            catch (AslException) when (waited.Elapsed < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(20, Now);
            }
        }

        client.Dispose();
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task The_socket_is_the_owners_alone_and_is_gone_afterwards()
    {
        using var bench = new Bench(approve: "nobody", timeRunsByItself: false);
        using var stop = new CancellationTokenSource();
        Directory.CreateDirectory(bench.Paths.Sockets);
        using (var stale = ControlSocket.New())
        {
            // A socket that a killed process left behind.
            stale.Bind(new UnixDomainSocketEndPoint(bench.Paths.Socket + ".old"));
            File.Move(bench.Paths.Socket + ".old", bench.Paths.Socket);
        }

        var (run, client) = await bench.StartUntilAsync(stop.Token);
        client.Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bench.Paths.Socket));
        await stop.CancelAsync();
        await run;
        Assert.Empty(Directory.GetFileSystemEntries(bench.Paths.Sockets));
        var error = (await Assert.ThrowsAsync<AslException>(() => ControlClient.ConnectAsync(bench.Paths, Now))).Error;
        Assert.Equal(ErrorCode.IntakeNotRunning, error.Code);
    }

    [Fact]
    public async Task A_socket_at_which_somebody_answers_is_not_taken_away()
    {
        using var bench = new Bench();
        var board = new StatusBoard(new IntakeStatus { Run = "run", State = "Detecting", Reason = "", Type = [], JournalHash = "" });
        await using var first = ControlServer.Open(bench.Paths, board, Channel.CreateUnbounded<OperatorCommand>().Writer);
        var error = Assert.Throws<AslException>(() => ControlServer.Open(bench.Paths, board, Channel.CreateUnbounded<OperatorCommand>().Writer)).Error;
        Assert.Equal(ErrorCode.IntakeBusy, error.Code);
    }

    [Fact]
    public async Task A_root_deeper_than_a_socket_address_is_long_works_too()
    {
        using var bench = new Bench();
        var deep = new IntakePaths(Path.Combine(bench.Root, new string('d', 120)));
        var board = new StatusBoard(new IntakeStatus { Run = "deep", State = "Detecting", Reason = "", Type = [], JournalHash = "" });
        await using var server = ControlServer.Open(deep, board, Channel.CreateUnbounded<OperatorCommand>().Writer);
        using var client = await ControlClient.ConnectAsync(deep, Now);
        Assert.Equal("deep", (await client.StatusAsync(Now)).Run);
    }

    [Theory]
    [InlineData("path")]
    [InlineData("abstract")]
    public async Task The_service_manager_hears_ready_status_and_stopping(string kind)
    {
        using var bench = new Bench();
        var name = kind == "path" ? Path.Combine(bench.Root, "notify") : "\0asl-test-" + Guid.NewGuid().ToString("n");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(name));
        bench.Change = parts => parts with { Notifier = ServiceNotifier.At(name.Replace('\0', '@')), WaitsForDisk = () => false };

        // Read while it runs, as a service manager does: a socket keeps ten messages, and nobody waits to send another.
        var hearing = HearAsync(manager);
        await bench.RunAsync();
        var heard = await hearing.WaitAsync(TimeSpan.FromMinutes(1), Now);
        Assert.Equal("READY=1", heard[0]);
        Assert.Equal("STOPPING=1", heard[^1]);
        Assert.Contains(heard, message => message.StartsWith("STATUS=Sealed: snapshot", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1 (bash) S 0 1 1 34819 1", "pts/3")]
    [InlineData("1 (a) b) (c) S 0 1 1 1025 1", "tty1")]
    [InlineData("1 (x) S 0 1 1 1088 1", "ttyS0")]
    [InlineData("1 (x) S 0 1 1 0 1", null)]
    [InlineData("1 (x) S", null)]
    [InlineData("", null)]
    public void A_terminal_is_read_from_the_kernels_line(string stat, string? terminal) => Assert.Equal(terminal, PeerCredentials.Terminal(stat));

    /// <summary>What is said, up to the last word.</summary>
    private static async Task<List<string>> HearAsync(Socket manager)
    {
        List<string> heard = [];
        var buffer = new byte[4096];
        do
        {
            heard.Add(Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, Now)));
        }
        while (heard[^1] != "STOPPING=1");
        return heard;
    }

    private static Task Forever(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    private static async Task<string> RefusedAsync(Task<IntakeStatus> request)
    {
        var error = (await Assert.ThrowsAsync<AslException>(() => request)).Error;
        Assert.Equal(ErrorCode.RequestRefused, error.Code);
        return error.Why!;
    }

    private static async Task<string> TalkAsync(Bench bench, byte[] bytes)
    {
        using var socket = ControlSocket.New();
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Paths.Socket), Now);
        await socket.SendAsync(bytes, Now);
        var buffer = new byte[64 * 1024];
        var length = await socket.ReceiveAsync(buffer, Now);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
