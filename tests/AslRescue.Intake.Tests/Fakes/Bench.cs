using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Journal;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>A machine on the bench: a root of its own, fakes around it, and as many lives (processes, boots) as a test wants.</summary>
internal sealed class Bench : IDisposable
{
    public Bench(string approve = "directory", bool timeRunsByItself = true)
    {
        Root = Scratch.NewFolder("asl-intake-");
        Paths = new IntakePaths(Root);
        Directory.CreateDirectory(Path.GetDirectoryName(Paths.Contract)!);
        File.Copy(Repository.ContractPath, Paths.Contract);
        Store = Path.Combine(Root, "store");
        Directory.CreateDirectory(Store);
        Decisions = new FakeDecisions(Boot);
        Time = new ManualTime { RunsByItself = timeRunsByItself };
        Settings = new IntakeSettings
        {
            Local = new LocalSettings
            {
                Kind = LocalKind.Directory,
                Mount = Store,
                ApproveImport = approve == "directory" ? Store : null,
                IsTrusted = true,
                IsApprovalTrusted = true,
            },
            Remote = new RemoteSettings { Endpoint = new Uri("https://asl-backend.example/"), IsTrusted = true, IsApprovalTrusted = true, Approve = approve == "directory" },
            Sources = [new IntakeSource("/mnt/crashed", true)],
        };
    }

    public string Root { get; }

    public string Store { get; }

    public IntakePaths Paths { get; }

    public string Boot { get; set; } = "boot-1";

    public ManualTime Time { get; set; }

    public IntakeSettings Settings { get; set; }

    public FakeDecisions Decisions { get; set; }

    public FakeBackend Backend { get; set; } = new();

    public FakeAttach Attach { get; set; } = new();

    public FakeGuard Guard { get; set; } = new();

    public Contract Contract => ContractFile.Load(Paths.Contract);

    public List<IntakeStatus> Statuses { get; } = [];

    public Func<IntakeParts, IntakeParts> Change { get; set; } = parts => parts;

    /// <summary>Called with the id of each request, once in a life.</summary>
    public Action<string>? OnRequest { get; set; }

    /// <summary>The process is killed before it writes such a record.</summary>
    public Func<JournalRecord, bool>? KillAt { get; set; }

    /// <summary>Called after each write of the journal, with its number from 1 and the record; may throw.</summary>
    public Action<int, JournalRecord>? OnWritten { get; set; }

    private Channel<OperatorCommand>? _commands;

    /// <summary>Where the next life looks for operators' commands, so that they are there at a known moment.</summary>
    public Channel<OperatorCommand> WithCommands() => _commands = Channel.CreateUnbounded<OperatorCommand>();

    public IntakeParts Parts()
    {
        HashSet<string> asked = [];
        var writes = 0;
        return Change(new IntakeParts
        {
            Settings = Settings,
            Paths = Paths,
            Boot = Boot,
            Decisions = Decisions,
            Attach = new Dictionary<string, IAttachStep>
            {
                [BackendKinds.LocalDirectory] = Attach,
                [BackendKinds.LocalZfs] = Attach,
                [BackendKinds.Remote] = Attach,
            },
            Ingest = Backend,
            Seal = Backend,
            Guard = Guard,
            Time = Time,
            Random = new Random(1),
            Commands = _commands,
            WrapSink = KillAt is null && OnWritten is null ? null : sink => new WatchedSink(sink, KillAt, record => OnWritten?.Invoke(++writes, record)),
            OnStatus = status =>
            {
                lock (Statuses)
                {
                    Statuses.Add(status);
                }

                if (status.Request is { } request && OnRequest is { } on && asked.Add(request.Id))
                {
                    on(request.Id);
                }
            },
        });
    }

    /// <summary>One life of the process.</summary>
    public Task<IntakeOutcome> RunAsync() => RunUntilAsync(CancellationToken.None);

    /// <summary>One life that is asked to end.</summary>
    public async Task<IntakeOutcome> RunUntilAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5)); // Of a run that hangs: thousands of polls take a while on a busy machine.
        return await IntakeRun.RunAsync(Parts(), limit.Token);
    }

    /// <summary>A life in the background, with a client at its socket.</summary>
    public async Task<(Task<IntakeOutcome> Run, ControlClient Client)> StartUntilAsync(CancellationToken stop)
    {
        var run = Task.Run(() => RunUntilAsync(stop), CancellationToken.None);
        while (true)
        {
            try
            {
                return (run, await ControlClient.ConnectAsync(Paths, TestContext.Current.CancellationToken));
            }
            catch (Shared.Errors.AslException) when (!run.IsCompleted)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Everything that this machine's copies of the journals hold, of the newest run.</summary>
    public IReadOnlyList<JournalRecord> Records(string? run = null)
    {
        run ??= Directory.GetDirectories(Paths.Runtime).Select(Path.GetFileName).Order(StringComparer.Ordinal).Last()!;
        var path = Path.Combine(Paths.Run(run), "journal");
        return new JournalReader(run).Read(path, File.ReadAllBytes(path));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private sealed class WatchedSink(IJournalSink inner, Func<JournalRecord, bool>? killAt, Action<JournalRecord> written) : IJournalSink
    {
        public void Append(long firstSequence, ReadOnlySpan<byte> lines)
        {
            var record = Parse(lines);
            if (killAt?.Invoke(record) == true)
            {
                throw new KilledException();
            }

            inner.Append(firstSequence, lines);
            written(record);
        }

        private static JournalRecord Parse(ReadOnlySpan<byte> line)
        {
            using var document = System.Text.Json.JsonDocument.Parse(line.ToArray());
            var root = document.RootElement.Clone();
            return new JournalRecord
            {
                Sequence = root.GetProperty("sequence").GetInt64(),
                Run = root.GetProperty("run").GetString()!,
                Boot = root.GetProperty("boot").GetString()!,
                Monotonic = root.GetProperty("monotonic").GetInt64(),
                Wall = default,
                Kind = root.GetProperty("kind").GetString()!,
                Previous = default,
                Hash = default,
                Line = root,
            };
        }
    }
}
