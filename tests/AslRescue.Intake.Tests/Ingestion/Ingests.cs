using AslRescue.Intake.Ingestion;
using AslRescue.Store;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>The usual ways to ingest in a test.</summary>
internal static class Ingests
{
    internal static IngestOptions Of(string source, int workers = 2) =>
        new() { Sources = [source], Domain = "test", Workers = workers, Program = "test" };

    internal static SealedSnapshot Run(ArtifactStore store, IngestOptions options, TimeProvider? time = null)
    {
        using var run = IngestRun.Begin(store, options, time ?? TimeProvider.System);
        run.Ingest(CancellationToken.None);
        return run.Seal(new Dictionary<string, byte[]>());
    }

    /// <summary>Reads until more than so many bytes of the store are durable, and is interrupted then.</summary>
    internal static void Interrupt(IngestRun run, long sealedBytes)
    {
        using var stop = new CancellationTokenSource();
        using var isOver = new ManualResetEventSlim();

        // A thread of its own: a timer waits for the pool, and the run may be over by then.
        var watch = new Thread(() =>
        {
            while (run.Progress.SealedBytes <= sealedBytes && !isOver.Wait(1))
            {
            }

            stop.Cancel();
        });
        watch.Start();
        try
        {
            Assert.Throws<OperationCanceledException>(() => run.Ingest(stop.Token));
        }
        finally
        {
            isOver.Set();
            watch.Join();
        }
    }

    /// <summary>Block, segment and root names: what must not depend on chance.</summary>
    internal static string[] Names(SealedSnapshot result) =>
    [
        result.Snapshot.Root.ToString(),
        .. result.Snapshot.Blocks.Select(block => $"block {block.Name}"),
        .. result.Snapshot.Groups.SelectMany(group => group.Segments).Select(segment => $"segment {segment.Name}"),
    ];
}
