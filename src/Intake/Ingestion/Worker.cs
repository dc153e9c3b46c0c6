using AslRescue.Intake.Sources;
using AslRescue.Store.Blocks;
using AslRescue.Store.Chunking;

namespace AslRescue.Intake.Ingestion;

/// <summary>What a worker thread owns: its scanner, its encoder, its buffers.</summary>
internal sealed class Worker(ChunkParameters parameters, BlockWriter blocks, IngestProgress progress) : IDisposable
{
    internal FileScanner Scanner { get; } = new(parameters);

    internal ArtifactEncoder Encoder { get; } = new(blocks.Contains);

    internal ExtendedAttributes Attributes { get; } = new();

    internal IngestProgress Progress { get; } = progress;

    public void Dispose() => Encoder.Dispose();
}
