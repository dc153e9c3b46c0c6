using AslRescue.Intake.Sources;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Ingestion;

/// <summary>What a thread that reads and hashes owns.</summary>
internal sealed class Worker(ChunkParameters parameters, IngestProgress progress)
{
    internal FileScanner Scanner { get; } = new(parameters);

    internal ExtendedAttributes Attributes { get; } = new();

    internal IngestProgress Progress { get; } = progress;
}
