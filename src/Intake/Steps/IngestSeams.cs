using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Steps;

/// <summary>What the backend holds for a run, and how to write to its journal.</summary>
/// <param name="Run">
/// The run to work on: the one asked for, or an unsealed one that the backend holds for the same sources and that is to be resumed instead.
/// </param>
/// <param name="Journal">The backend's sink for that run. Throws AslException only.</param>
/// <param name="Lines">All lines of that run's journal that the backend has, in order; empty for a new run.</param>
public sealed record PreparedRun(string Run, IJournalSink Journal, ReadOnlyMemory<byte> Lines);

/// <summary>How far an ingest is.</summary>
/// <param name="BytesDone">Read so far.</param>
/// <param name="BytesTotal">To be read in all, if known.</param>
/// <param name="Entries">Files, folders and the like, so far.</param>
/// <param name="Problems">What is not exactly what the source held, so far.</param>
/// <param name="Current">What is being done.</param>
public sealed record ProgressView(long BytesDone, long? BytesTotal, long Entries, long Problems, string? Current)
{
    /// <summary>Bytes read from the sources, and not skipped as unchanged.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Bytes added to the backend.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Bytes that cannot be read.</summary>
    public long BadBytes { get; init; }

    /// <summary>In how many areas these lie.</summary>
    public long BadAreas { get; init; }

    /// <summary>How fast BytesDone grows now; null until that is known.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>The source that is being read.</summary>
    public string? Source { get; init; }

    /// <summary>Bytes that this attempt made durable: what counts as progress between two failures. Null: BytesDone does.</summary>
    public long? DurableBytes { get; init; }
}

/// <summary>
/// Reading the sources into the attached backend. Every method may be called again after it failed, was cancelled or the process was
/// killed, and then goes on from what is durable. Failures are AslException; IsPermanent says whether trying again can help.
/// </summary>
public interface IIngestStep
{
    /// <summary>A number that is another one whenever reading or sealing has got anywhere: how a hang is told from work. From any thread.</summary>
    long Advances => 0;

    /// <summary>Whether the backend is waited for, no longer than it may take. From any thread.</summary>
    bool IsWaiting => false;

    /// <summary>
    /// Opens the store in the backend and finds the run in it. Reads no more of a source than tells whether an unsealed run is of it, and writes nothing
    /// that counts.
    /// </summary>
    Task<PreparedRun> PrepareAsync(AttachedBackend backend, string run, IReadOnlyList<string> sources, CancellationToken cancellationToken);

    /// <summary>Reads every source. Its records go through <paramref name="journal"/>, so that the run has one chain.</summary>
    Task IngestAsync(JournalWriter journal, IProgress<ProgressView> progress, CancellationToken cancellationToken);

    /// <summary>
    /// Leaves a checkpoint of the run's journal in the backend: signed where there is a key, cosigned where somebody else keeps the store. Does nothing
    /// when the same one is there already.
    /// </summary>
    /// <param name="run">The run that was prepared.</param>
    /// <param name="size">Records that the backend has.</param>
    /// <param name="root">The root over them.</param>
    Task VouchAsync(string run, long size, byte[] root) => Task.CompletedTask;

    /// <summary>Closes everything that lies in the backend, so that it can be unmounted. May be called at any time, also twice.</summary>
    Task ReleaseAsync();
}

/// <summary>A document that is sealed with the snapshot.</summary>
/// <param name="Name">"request", "approval-3f9a51c2": unique among the items.</param>
/// <param name="Content">Its bytes.</param>
public sealed record EvidenceItem(string Name, byte[] Content);

/// <summary>What sealing gave.</summary>
/// <param name="Snapshot">The snapshot's name.</param>
/// <param name="Root">Its root.</param>
/// <param name="Problems">How many entries are less than the source held: above zero has an exit code of its own.</param>
/// <param name="WasWritten">Whether a source was written to while it was read: has an exit code of its own too.</param>
public sealed record SealEvidence(string Snapshot, string Root, long Problems, bool WasWritten = false);

/// <summary>Sealing what was read. Called after IngestAsync has returned; may be called again, and then gives the same snapshot.</summary>
public interface ISealStep
{
    /// <summary>Seals: when it returns, the snapshot was flushed, read back, checked and logged.</summary>
    Task<SealEvidence> SealAsync(JournalWriter journal, IReadOnlyList<EvidenceItem> evidence, CancellationToken cancellationToken);
}
