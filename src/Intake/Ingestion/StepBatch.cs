namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Some steps in walk order, handed from thread to thread at once: handing each small file over by itself would take longer than
/// reading it.
/// </summary>
internal sealed class StepBatch
{
    private const int StepsMax = 256;
    private const long BytesMax = 2 << 20;
    private readonly List<Step> _steps = new(StepsMax);
    private readonly object _gate = new();
    private bool _isPrepared;
    private long _bytes;

    internal bool IsEmpty => _steps.Count == 0;

    internal bool IsFull => _steps.Count >= StepsMax || _bytes >= BytesMax;

    internal bool NeedsWorker { get; private set; }

    internal void Add(Step step)
    {
        _steps.Add(step);
        _bytes += step.Bytes;
        NeedsWorker |= step.NeedsWorker;
    }

    /// <summary>Does the work of all steps that may be done in any order.</summary>
    internal void Prepare(Worker worker)
    {
        foreach (var step in _steps)
        {
            step.Prepare(worker);
        }

        worker.HashChunks();
        SetPrepared();
    }

    internal void SetPrepared()
    {
        lock (_gate)
        {
            _isPrepared = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for a worker, then does the work that must be done in order.</summary>
    internal void Apply(TreeAssembler assembler, CancellationToken cancellation)
    {
        WaitPrepared(cancellation);
        foreach (var step in _steps)
        {
            step.Apply(assembler);
        }
    }

    /// <summary>Gives back what the steps hold, when nobody will prepare them any more.</summary>
    internal void Abandon() => _steps.ForEach(step => step.Abandon());

    private void WaitPrepared(CancellationToken cancellation)
    {
        lock (_gate)
        {
            while (!_isPrepared)
            {
                cancellation.ThrowIfCancellationRequested();
                Monitor.Wait(_gate, Step.CancellationPollMilliseconds);
            }
        }
    }
}
