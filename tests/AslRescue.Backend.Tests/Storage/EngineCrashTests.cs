using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Backend.Storage;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>
/// Creates objects until there is a file ASL_S3_CRASH_REPORT, and for as many seconds as ASL_S3_CRASH_SECONDS says at most, while
/// tests/acceptance/s3_storage.py kills the engine's processes and starts them again, and then holds every answer against what is there. What was done is
/// written to that file: the script says whether it was enough.
/// </summary>
public sealed class EngineCrashTests
{
    private const int Writers = 4;
    private static readonly TimeSpan RecoveryMax = TimeSpan.FromMinutes(3);
    private readonly ConcurrentDictionary<string, Digest> _acknowledged = [];
    private readonly ConcurrentDictionary<string, Digest> _failed = [];

    [Fact]
    public async Task What_was_acknowledged_is_there_after_crashes_and_what_failed_is_whole_or_absent()
    {
        var seconds = Environment.GetEnvironmentVariable("ASL_S3_CRASH_SECONDS");
        Assert.SkipWhen(seconds is null, "needs an engine that somebody crashes meanwhile: tests/acceptance/s3_storage.py");
        var report = Environment.GetEnvironmentVariable("ASL_S3_CRASH_REPORT");
        using var backend = new S3Backend(RealEngine.NewStore() with { Patience = TimeSpan.FromSeconds(5) });
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Factory.StartNew(
            () => Write(backend, writer, () => end.IsCancellationRequested || File.Exists(report)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        AwaitRecovery(backend);
        var listed = backend.List(ObjectName.RunFolder("d", "r")).Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(_acknowledged.Keys.Except(listed));
        Assert.Empty(listed.Except(_acknowledged.Keys).Except(_failed.Keys));
        Assert.All(_acknowledged, item => Assert.Equal(item.Value, Digest.Of(backend.ReadAll(Name(item.Key)))));
        var landed = _failed.Where(item => backend.Open(Name(item.Key)) is not null).ToList();
        Assert.All(landed, item => Assert.Equal(item.Value, Digest.Of(backend.ReadAll(Name(item.Key)))));
        if (report is not null)
        {
            File.WriteAllText(report, $"{_acknowledged.Count} acknowledged, {_failed.Count} failed, {landed.Count} of them are there whole\n");
        }
    }

    private void Write(S3Backend backend, int writer, Func<bool> isOver)
    {
        var random = new Random(writer);
        for (var number = 0; !isOver(); number++)
        {
            var name = $"{writer}-{number}";
            var content = SeededBytes.Of((ulong)((writer << 24) + number), random.Next(1, 200_000));
            try
            {
                Assert.True(backend.TryCreate(Name(name), content), $"nobody else creates {name}, and it is called taken");
                _acknowledged[name] = Digest.Of(content);
            }
            catch (AslException failure)
            {
                Assert.False(failure.Error.IsPermanent, failure.ToString());
                _failed[name] = Digest.Of(content);
            }
        }
    }

    private static void AwaitRecovery(S3Backend backend)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                backend.Probe();
                return;
            }
            catch (AslException failure) when (!failure.Error.IsPermanent && TimeProvider.System.GetElapsedTime(begin) < RecoveryMax)
            {
                Thread.Sleep(TimeSpan.FromSeconds(1));
            }
        }
    }

    private static ObjectName Name(string name) => ObjectName.RunObject("d", "r", name);
}
