using System.Collections.Concurrent;

namespace AslRescue.Intake.Ingestion;

/// <summary>The walker's end of the pipeline: takes steps in, in batches, and gives out the memory that they are read into.</summary>
internal sealed class StepSender(
    ByteRing ring, BlockingCollection<StepBatch> inOrder, BlockingCollection<StepBatch> toPrepare, CancellationToken stop)
{
    private StepBatch _batch = new();

    /// <summary>Longest slice that <see cref="Reserve"/> gives.</summary>
    internal int SliceBytesMax => ring.SliceBytesMax;

    /// <summary>Memory for the next step; waits until there is some. Slices are given back in the order in which they are reserved.</summary>
    internal RingSlice Reserve(int length)
    {
        while (true)
        {
            if (ring.TryTake(length) is { } slice)
            {
                return slice;
            }

            // What is waited for may lie in the batch at hand.
            Flush();
            ring.Wait(stop);
        }
    }

    internal void Send(Step step)
    {
        _batch.Add(step);
        if (_batch.IsFull)
        {
            Flush();
        }
    }

    internal void Flush()
    {
        if (_batch.IsEmpty)
        {
            return;
        }

        var batch = _batch;
        _batch = new();
        if (batch.NeedsWorker)
        {
            toPrepare.Add(batch, stop);
        }
        else
        {
            batch.SetPrepared();
        }

        inOrder.Add(batch, stop);
    }

    /// <summary>Gives back what the steps hold that were not sent any more.</summary>
    internal void Abandon() => _batch.Abandon();
}
