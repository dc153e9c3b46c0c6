using System.Net.Sockets;
using System.Text;
using AslRescue.Intake.Control;
using AslRescue.Intake.Steps;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Journal;
using AslRescue.Shared.ServiceManager;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Control;

/// <summary>When a run counts as alive. The watchdog's period is 40 s here, so a sign is due every 10 s.</summary>
public sealed class ServiceWatchTests : IDisposable
{
    private readonly Bench _bench = new(timeRunsByItself: false);
    private readonly string _name = "asl-watch-" + Guid.NewGuid().ToString("n");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly TaskCompletionSource _step = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StatusBoard _board = new(new IntakeStatus { Run = "run", State = "Ingesting", Reason = "", Type = [], JournalHash = "" });
    private readonly Heartbeat _heart;
    private readonly CountingIngest _ingest = new();
    private readonly ServiceWatch _watch;
    private readonly List<string> _heard = [];
    private bool _waitsForDisk;

    public ServiceWatchTests()
    {
        _manager.Bind(new UnixDomainSocketEndPoint("\0" + _name));
        _heart = new Heartbeat(_bench.Time);
        _watch = new ServiceWatch(
            _bench.Parts() with
            {
                Notifier = ServiceNotifier.At("@" + _name, TimeSpan.FromSeconds(40)),
                Ingest = _ingest,
                WaitsForDisk = () => _waitsForDisk,
                Describe = status => $"{status.State}: {_ingest.Advances}",
            },
            _board,
            _heart);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task A_step_that_shows_nothing_gets_no_sign_of_life_however_long_the_loop_runs()
    {
        await RunAsync(100, _ => { });
        Assert.DoesNotContain("WATCHDOG=1", Heard());
    }

    [Fact]
    public async Task Counted_bytes_are_life_and_the_status_follows_them()
    {
        await RunAsync(100, _ => _ingest.Advances++);
        var heard = Heard();
        Assert.Equal(10, heard.Count(message => message == "WATCHDOG=1"));
        Assert.Equal(["STATUS=Ingesting: 5", "STATUS=Ingesting: 10", "STATUS=Ingesting: 15"], heard.Where(message => message.StartsWith("STATUS", StringComparison.Ordinal)).Take(3));
    }

    [Fact]
    public async Task What_moved_before_a_hang_counts_once()
    {
        await RunAsync(100, second => _ingest.Advances += second < 15 ? 1 : 0);
        Assert.Equal(2, Heard().Count(message => message == "WATCHDOG=1")); // At 10 s, and at 20 s for what moved until then.
    }

    [Fact]
    public async Task Polling_for_an_approval_is_life()
    {
        await RunAsync(60, second =>
        {
            if (second % 2 == 0)
            {
                _heart.Beat();
            }
        });
        Assert.Equal(6, Heard().Count(message => message == "WATCHDOG=1"));
    }

    [Fact]
    public async Task A_wait_with_a_limit_is_life_until_the_limit_and_not_beyond()
    {
        using var attaching = _heart.Bounded(TimeSpan.FromSeconds(60));
        await RunAsync(200, _ => { });
        Assert.Equal(6, Heard().Count(message => message == "WATCHDOG=1"));
    }

    [Fact]
    public async Task A_read_that_a_dying_disk_keeps_for_minutes_is_waited_for_and_told()
    {
        _waitsForDisk = true;
        await RunAsync(300, _ => { });
        var heard = Heard();
        Assert.Equal(30, heard.Count(message => message == "WATCHDOG=1"));
        Assert.Contains("STATUS=Ingesting: 0; waits for a disk, nothing has moved for 300 s", heard);
    }

    [Fact]
    public async Task A_server_that_checks_for_minutes_is_waited_for()
    {
        await RunAsync(300, second => _ingest.IsWaiting = second < 200);
        Assert.Equal(20, Heard().Count(message => message == "WATCHDOG=1"));
    }

    [Fact]
    public async Task Without_a_service_manager_nothing_ticks()
    {
        var watch = new ServiceWatch(_bench.Parts(), _board, _heart);
        var waiting = watch.AnyAsync(_step.Task);
        Assert.Empty(_bench.Time.Delays);
        _step.SetResult();
        await waiting;
    }

    /// <summary>So many seconds of the machine's loop, with what happens in each.</summary>
    private async Task RunAsync(int seconds, Action<int> happens)
    {
        var waiting = _watch.AnyAsync(_step.Task);
        for (var second = 1; second <= seconds; second++)
        {
            happens(second);
            var ticks = _bench.Time.Delays.Count;
            _bench.Time.Advance(TimeSpan.FromSeconds(1));
            while (_bench.Time.Delays.Count == ticks)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            Listen(); // A socket keeps ten datagrams, and nobody waits for the eleventh.
        }

        _step.SetResult();
        await waiting;
    }

    private List<string> Heard()
    {
        Listen();
        return _heard;
    }

    private void Listen()
    {
        var buffer = new byte[4096];
        while (_manager.Poll(0, SelectMode.SelectRead))
        {
            _heard.Add(Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer)));
        }
    }

    private sealed class CountingIngest : IIngestStep
    {
        public long Advances { get; set; }

        public bool IsWaiting { get; set; }

        public Task<PreparedRun> PrepareAsync(AttachedBackend backend, string run, IReadOnlyList<string> sources, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task IngestAsync(JournalWriter journal, IProgress<ProgressView> progress, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task ReleaseAsync() => Task.CompletedTask;
    }
}
