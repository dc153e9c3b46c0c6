using System.Collections.Concurrent;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Backends;

/// <summary>Who has a run, over objects that are created once.</summary>
public sealed class LeaseObjectsTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly MemoryBackend _backend = new();
    private readonly ManualTime _time = new();
    private readonly LeaseObjects _leases;

    public LeaseObjectsTests() => _leases = new(_backend, _time);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void Of_eight_that_want_a_run_at_once_one_gets_it()
    {
        for (var round = 0; round < 50; round++)
        {
            var run = $"run-{round}";
            var granted = new ConcurrentBag<string>();
            InParallel(8, index =>
            {
                // As another process would have it: over the same objects, with nothing else in common.
                if (new LeaseObjects(_backend, _time).TryAcquire("d", run, $"holder-{index}") is not null)
                {
                    granted.Add($"holder-{index}");
                }
            });
            var holder = Assert.Single(granted);
            Assert.NotNull(_leases.TryRenew("d", run, holder));
        }
    }

    [Fact]
    public void Of_eight_that_want_a_lease_that_ended_one_gets_it()
    {
        for (var round = 0; round < 20; round++)
        {
            _time.Advance(LeaseObjects.Duration);
            var granted = 0;
            InParallel(8, index => Interlocked.Add(ref granted, new LeaseObjects(_backend, _time).TryAcquire("d", "r", $"{round}-{index}") is null ? 0 : 1));
            Assert.Equal(1, granted);
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), _backend.ListNumbers(ObjectName.LeasesFolder("d", "r")));
    }

    [Fact]
    public void A_lease_lives_as_long_as_it_says_and_no_longer()
    {
        Assert.Equal(_time.GetUtcNow() + LeaseObjects.Duration, _leases.TryAcquire("d", "r", "a"));
        _time.Advance(LeaseObjects.Duration - Second);
        Assert.Null(_leases.TryAcquire("d", "r", "b"));
        _time.Advance(Second);
        Assert.NotNull(_leases.TryAcquire("d", "r", "b"));
        Assert.Null(_leases.TryAcquire("d", "r", "a"));
        Assert.Null(_leases.TryRenew("d", "r", "a"));
    }

    [Fact]
    public void Renewing_lengthens_it()
    {
        _leases.TryAcquire("d", "r", "a");
        for (var round = 0; round < 10; round++)
        {
            _time.Advance(LeaseObjects.Duration / 2);
            Assert.Equal(_time.GetUtcNow() + LeaseObjects.Duration, _leases.TryRenew("d", "r", "a"));
            Assert.Null(_leases.TryAcquire("d", "r", "b"));
        }

        Assert.Equal(11, _backend.Paths.Count);
    }

    [Fact]
    public void The_same_holder_may_take_it_again_and_renew_it_late_as_long_as_nobody_else_did()
    {
        Assert.NotNull(_leases.TryAcquire("d", "r", "a"));
        Assert.NotNull(_leases.TryAcquire("d", "r", "a"));
        _time.Advance(LeaseObjects.Duration * 3);
        Assert.NotNull(_leases.TryRenew("d", "r", "a"));
        Assert.Null(_leases.TryAcquire("d", "r", "b"));
    }

    [Fact]
    public void What_was_given_back_is_free_at_once_and_cannot_be_renewed()
    {
        _leases.TryAcquire("d", "r", "a");
        Assert.True(_leases.Release("d", "r", "a"));
        Assert.False(_leases.Release("d", "r", "a"));
        Assert.Null(_leases.TryRenew("d", "r", "a"));
        Assert.NotNull(_leases.TryAcquire("d", "r", "b"));
    }

    [Fact]
    public void Nobody_but_the_holder_renews_or_gives_back()
    {
        Assert.Null(_leases.TryRenew("d", "r", "a"));
        Assert.False(_leases.Release("d", "r", "a"));
        Assert.Empty(_backend.Paths);
        _leases.TryAcquire("d", "r", "a");
        Assert.Null(_leases.TryRenew("d", "r", "b"));
        Assert.False(_leases.Release("d", "r", "b"));
        Assert.Null(_leases.TryAcquire("d", "r", "b"));
    }

    [Fact]
    public void Runs_and_domains_have_leases_of_their_own()
    {
        Assert.NotNull(_leases.TryAcquire("d", "r", "a"));
        Assert.NotNull(_leases.TryAcquire("d", "s", "b"));
        Assert.NotNull(_leases.TryAcquire("e", "r", "c"));
    }

    [Fact]
    public void The_token_of_a_holder_is_not_to_be_found_in_the_storage()
    {
        _leases.TryAcquire("d", "r", "token with spaces\nand lines");
        var text = System.Text.Encoding.UTF8.GetString(_backend["leases/d/r/0000000001"]);
        Assert.DoesNotContain("token", text, StringComparison.Ordinal);
        Assert.Matches("^asl-lease-1 [0-9a-f]{64} 2026-11-23T03:02:00.0000000Z held\n$", text);
        Assert.NotNull(_leases.TryRenew("d", "r", "token with spaces\nand lines"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("asl-lease-2 what the future brings")]
    [InlineData("asl-lease-1 0000000000000000000000000000000000000000000000000000000000000000 tomorrow held\n")]
    public void A_lease_that_cannot_be_understood_keeps_nobody_off(string text)
    {
        _backend["leases/d/r/0000000007"] = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.NotNull(_leases.TryAcquire("d", "r", "a"));
        Assert.Equal("leases/d/r/0000000008", _backend.Paths[^1]);
        Assert.Null(_leases.TryAcquire("d", "r", "b"));
    }

    [Fact]
    public void A_reply_that_is_lost_at_any_call_leaves_the_lease_to_its_holder()
    {
        for (var failAt = 1; ; failAt++)
        {
            using var backend = new MemoryBackend();
            using var faulty = new FaultyBackend(backend, failAt, isReplyLost: true);
            try
            {
                new LeaseObjects(faulty, _time).TryAcquire("d", "r", "a");
            }
            catch (AslException)
            {
                Assert.NotNull(new LeaseObjects(backend, _time).TryAcquire("d", "r", "a"));
            }

            Assert.Null(new LeaseObjects(backend, _time).TryAcquire("d", "r", "b"));
            if (!faulty.HasFailed)
            {
                return;
            }
        }
    }

    [Fact]
    public void A_lease_that_a_process_holds_is_renewed_while_it_lives_and_free_after_it()
    {
        var lease = RenewedLease.TryTake(_leases, "d", "r", _time);
        Assert.NotNull(lease);
        _time.Advance(LeaseObjects.Duration / 3);
        Assert.Equal(2, _backend.Paths.Count);
        _time.Advance(LeaseObjects.Duration - Second);
        Assert.Null(RenewedLease.TryTake(_leases, "d", "r", _time));
        lease.Dispose();
        lease.Dispose();
        using var next = RenewedLease.TryTake(_leases, "d", "r", _time);
        Assert.NotNull(next);
    }

    private static void InParallel(int threads, Action<int> work)
    {
        using var start = new Barrier(threads);
        var running = Enumerable.Range(0, threads).Select(index => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait();
            work(index);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(running);
    }
}
