using AslRescue.Intake.Imaging;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Ingestion;

/// <summary>What to ingest, and how.</summary>
public sealed record IngestOptions
{
    /// <summary>Absolute paths. The order is that of the snapshot.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    public required string Domain { get; init; }

    public CaseInfo Case { get; init; } = new(null, null, null);

    /// <summary>Threads that hash and compress; the outcome is the same for any number.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Do not enter other file systems mounted below a source.</summary>
    public bool OneFileSystem { get; init; }

    /// <summary>Read every file, also those that look unchanged.</summary>
    public bool Rehash { get; init; }

    /// <summary>How block devices and images are read.</summary>
    public ImageOptions Image { get; init; } = new();

    /// <summary>Seal what a run that is resumed has read of its images, and open none of them: they are lost. Of this process, not of the run.</summary>
    public bool WithoutSource { get; init; }

    /// <summary>Name and version of the program, for the snapshot.</summary>
    public string Program { get; init; } = "";
}

/// <summary>How far a run is. Read by a display while other threads count.</summary>
public sealed class IngestProgress
{
    private long _entries;
    private long _doneBytes;
    private long _readBytes;
    private long _storedBytes;
    private long _problems;
    private long _sealedBytes;
    private long _badBytes;
    private long _badAreas;
    private long _work;
    private string _phase = "starting";
    private string? _source;

    public long Entries => Volatile.Read(ref _entries);

    /// <summary>Bytes of sources that are dealt with, read or known to be unchanged.</summary>
    public long DoneBytes => Volatile.Read(ref _doneBytes);

    /// <summary>Bytes read from sources.</summary>
    public long ReadBytes => Volatile.Read(ref _readBytes);

    /// <summary>Bytes of blocks that are sealed and journalled: what an interruption cannot take away.</summary>
    public long SealedBytes => Volatile.Read(ref _sealedBytes);

    /// <summary>Bytes added to the store.</summary>
    public long StoredBytes => Volatile.Read(ref _storedBytes);

    public long Problems => Volatile.Read(ref _problems);

    /// <summary>A word: "reading", "sealing", …</summary>
    public string Phase => Volatile.Read(ref _phase);

    /// <summary>Bytes of sources that cannot be read.</summary>
    public long BadBytes => Volatile.Read(ref _badBytes);

    /// <summary>In how many places: what lies side by side in a file is one.</summary>
    public long BadAreas => Volatile.Read(ref _badAreas);

    /// <summary>The source that is being read.</summary>
    public string? Source => Volatile.Read(ref _source);

    /// <summary>Used bytes of the sources' file systems, when that is known: what DoneBytes may come to.</summary>
    public long? ExpectedBytes { get; set; }

    /// <summary>Another number whenever anything was counted or another phase began.</summary>
    public long Advances => Entries + DoneBytes + ReadBytes + SealedBytes + StoredBytes + Problems + BadBytes + BadAreas + Volatile.Read(ref _work);

    internal void Enter(string phase)
    {
        Volatile.Write(ref _phase, phase);
        CountWork();
    }

    /// <summary>A piece of what no other number shows: hashing, checking.</summary>
    internal void CountWork() => Interlocked.Increment(ref _work);

    internal void EnterSource(string path) => Volatile.Write(ref _source, path);

    internal void CountEntry() => Interlocked.Increment(ref _entries);

    internal void CountDone(long bytes) => Interlocked.Add(ref _doneBytes, bytes);

    internal void CountRead(long bytes) => Interlocked.Add(ref _readBytes, bytes);

    internal void SetStored(long bytes) => Volatile.Write(ref _storedBytes, bytes);

    internal void CountSealed(long bytes) => Interlocked.Add(ref _sealedBytes, bytes);

    internal void CountBad(long bytes, bool isNewArea)
    {
        Interlocked.Add(ref _badBytes, bytes);
        Interlocked.Add(ref _badAreas, isNewArea ? 1 : 0);
    }

    internal void CountProblem() => Interlocked.Increment(ref _problems);
}
