namespace AslRescue.Intake.Restoring;

/// <summary>Something that is not exactly as it was, with its path (raw) and the reason.</summary>
public sealed record RestoreProblem(byte[] Path, string Text);

/// <summary>What a restore did. Filled by several threads, read when it is over.</summary>
public sealed class RestoreReport
{
    private readonly Lock _lock = new();
    private readonly List<RestoreProblem> _problems = [];
    private long _entries;
    private long _bytes;

    /// <summary>Entries made.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Bytes written into files.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>What is missing or differs, by path.</summary>
    public IReadOnlyList<RestoreProblem> Problems
    {
        get
        {
            lock (_lock)
            {
                return [.. _problems.OrderBy(problem => problem.Path, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
            }
        }
    }

    internal void Add(byte[] path, string text)
    {
        lock (_lock)
        {
            _problems.Add(new(path, text));
        }
    }

    internal void CountEntry() => Interlocked.Increment(ref _entries);

    internal void CountBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
