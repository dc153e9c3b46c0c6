using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;

namespace AslRescue.LibAsl.Reading;

/// <summary>
/// Artifact readers of one snapshot: each call takes one, so any number of threads may read, and a handle has none of its own, so that it
/// costs little. A few are kept for the next calls.
/// </summary>
internal sealed class ReaderPool(IBackend backend, ArtifactIndex index) : IArtifactSource, IDisposable
{
    private static readonly int KeptMax = Math.Clamp(Environment.ProcessorCount, 1, 4);
    private readonly Lock _lock = new();
    private readonly Stack<ArtifactReader> _kept = new();

    /// <inheritdoc/>
    public byte[] Read(Digest key)
    {
        var reader = Take();
        try
        {
            return reader.Read(key);
        }
        finally
        {
            GiveBack(reader);
        }
    }

    /// <inheritdoc/>
    public void Read(Digest key, Span<byte> raw)
    {
        var reader = Take();
        try
        {
            reader.Read(key, raw);
        }
        finally
        {
            GiveBack(reader);
        }
    }

    /// <summary>No call may be at work.</summary>
    public void Dispose()
    {
        while (_kept.TryPop(out var reader))
        {
            reader.Dispose();
        }
    }

    private ArtifactReader Take()
    {
        lock (_lock)
        {
            if (_kept.TryPop(out var kept))
            {
                return kept;
            }
        }

        return new ArtifactReader(backend, index);
    }

    private void GiveBack(ArtifactReader reader)
    {
        lock (_lock)
        {
            if (_kept.Count < KeptMax)
            {
                _kept.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }
}
