namespace AslRescue.Intake.Restoring;

/// <summary>Something that is not exactly as it was, with its path (raw) and the reason.</summary>
public sealed record RestoreProblem(byte[] Path, string Text);

/// <summary>What a restore did. Filled by several threads, read when it is over.</summary>
public sealed class RestoreReport
{
    private const int ProblemsKeptMax = 100_000; // a disk may have millions of bad ranges; asl-admin export --mapfile lists those
    private readonly Lock _lock = new();
    private readonly List<RestoreProblem> _problems = [];
    private long _entries;
    private long _bytes;
    private long _problemCount;

    /// <summary>Entries made.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Bytes written into files.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many things are missing or differ.</summary>
    public long ProblemCount => Volatile.Read(ref _problemCount);

    /// <summary>What is missing or differs, by path: the first hundred thousand that were met.</summary>
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
            _problemCount++;
            if (_problems.Count < ProblemsKeptMax)
            {
                _problems.Add(new(path, text));
            }
        }
    }

    internal void CountEntry() => Interlocked.Increment(ref _entries);

    internal void CountBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
