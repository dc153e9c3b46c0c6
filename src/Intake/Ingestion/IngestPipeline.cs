using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Runs the three parts of an ingest at once: the walker on a thread of its own, workers on as many as asked for, the assembler
/// on the caller's. Steps reach the assembler in the order in which the walker made them, whoever prepared them.
/// </summary>
internal sealed class IngestPipeline(ChunkParameters chunks, BlockWriter blocks, IngestProgress progress, int workers)
{
    private const long BudgetBytes = 32 << 20;
    private const int StepsMax = 4096;

    /// <summary>Runs until the walker has ended and all its steps are applied. The first failure of any part ends all.</summary>
    /// <param name="walk">Makes steps by calling its argument.</param>
    /// <param name="assembler">Where steps are applied.</param>
    /// <param name="cancellation">Ends it early, by an OperationCanceledException.</param>
    internal void Run(Action<Action<Step>, CancellationToken> walk, TreeAssembler assembler, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var inOrder = new BlockingCollection<Step>(StepsMax);
        using var toPrepare = new BlockingCollection<Step>(StepsMax);
        var budget = new ByteBudget(BudgetBytes);
        var failures = new ConcurrentQueue<ExceptionDispatchInfo>();

        void Send(Step step)
        {
            budget.Take(step.Cost, stop.Token);
            if (step.NeedsWorker)
            {
                toPrepare.Add(step, stop.Token);
            }
            else
            {
                step.SetPrepared();
            }

            inOrder.Add(step, stop.Token);
        }

        List<Thread> threads =
        [
            Start("walker", () =>
            {
                walk(Send, stop.Token);
                toPrepare.CompleteAdding();
                inOrder.CompleteAdding();
            }),
            .. Enumerable.Range(0, workers).Select(index => Start($"worker {index}", () => Work(toPrepare, stop.Token))),
        ];
        Guard(() => Assemble(inOrder, budget, assembler, stop.Token));
        threads.ForEach(thread => thread.Join());
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

    private void Work(BlockingCollection<Step> toPrepare, CancellationToken cancellation)
    {
        using var worker = new Worker(chunks, blocks, progress);
        foreach (var step in toPrepare.GetConsumingEnumerable(cancellation))
        {
            step.Prepare(worker);
            step.SetPrepared();
        }
    }

    private static void Assemble(BlockingCollection<Step> inOrder, ByteBudget budget, TreeAssembler assembler, CancellationToken cancellation)
    {
        foreach (var step in inOrder.GetConsumingEnumerable(cancellation))
        {
            step.WaitPrepared(cancellation);
            step.Apply(assembler);
            budget.Give(step.Cost);
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
