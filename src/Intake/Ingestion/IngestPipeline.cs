using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Runs the three parts of an ingest at once: the walker on a thread of its own, workers on as many as asked for, the assembler
/// on the caller's. Steps reach the assembler in the order in which the walker made them, whoever prepared them.
/// </summary>
internal sealed class IngestPipeline(ChunkParameters chunks, IngestProgress progress, int workers)
{
    // Enough that a core always has something to read, hash or compress; a few files deep for a disk that must seek.
    private const int RingBytes = 16 << 20;
    private const int BatchesMax = 64;

    /// <summary>Runs until the walker has ended and all its steps are applied. The first failure of any part ends all.</summary>
    /// <param name="walk">Makes steps and hands them to its argument.</param>
    /// <param name="assembler">Where steps are applied.</param>
    /// <param name="cancellation">Ends it early, by an OperationCanceledException.</param>
    internal void Run(Action<StepSender, CancellationToken> walk, TreeAssembler assembler, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var inOrder = new BlockingCollection<StepBatch>(BatchesMax);
        using var toPrepare = new BlockingCollection<StepBatch>(BatchesMax);
        using var ring = new ByteRing(Math.Max(RingBytes, chunks.BytesMax * 8));
        var sender = new StepSender(ring, inOrder, toPrepare, stop.Token);
        var failures = new ConcurrentQueue<ExceptionDispatchInfo>();

        List<Thread> threads =
        [
            Start("walker", () =>
            {
                walk(sender, stop.Token);
                sender.Flush();
                toPrepare.CompleteAdding();
                inOrder.CompleteAdding();
            }),
            .. Enumerable.Range(0, workers).Select(index => Start($"worker {index}", () => Work(toPrepare, stop.Token))),
        ];
        Guard(() => Assemble(inOrder, assembler, stop.Token));
        threads.ForEach(thread => thread.Join());
        sender.Abandon();
        while (toPrepare.TryTake(out var left))
        {
            left.Abandon();
        }

        Rethrow(failures, cancellation);

        Thread Start(string name, Action action)
        {
            var thread = new Thread(() => Guard(action)) { Name = name, IsBackground = true };
            thread.Start();
            return thread;
        }

        void Guard(Action action)
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                // Handed to the caller once all parts have stopped.
                failures.Enqueue(ExceptionDispatchInfo.Capture(exception));
                stop.Cancel();
            }
        }
    }

    private void Work(BlockingCollection<StepBatch> toPrepare, CancellationToken cancellation)
    {
        var worker = new Worker(chunks, progress);
        foreach (var batch in toPrepare.GetConsumingEnumerable(cancellation))
        {
            batch.Prepare(worker);
        }
    }

    private static void Assemble(BlockingCollection<StepBatch> inOrder, TreeAssembler assembler, CancellationToken cancellation)
    {
        assembler.Cancellation = cancellation;
        foreach (var batch in inOrder.GetConsumingEnumerable(cancellation))
        {
            batch.Apply(assembler, cancellation);
        }
    }

    private static void Rethrow(ConcurrentQueue<ExceptionDispatchInfo> failures, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var failure = failures.FirstOrDefault(item => item.SourceException is not OperationCanceledException) ?? failures.FirstOrDefault();
        failure?.Throw();
    }
}

/// <summary>Between two sources: what follows belongs to this one.</summary>
internal sealed class SourceStart(int index) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.NextSource(index);
}
