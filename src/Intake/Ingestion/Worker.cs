using System.Runtime.InteropServices;
using AslRescue.Intake.Sources;
using AslRescue.Shared;
using AslRescue.Store.Chunking;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>What a thread that reads and hashes owns.</summary>
internal sealed class Worker(ChunkParameters parameters, IngestProgress progress)
{
    internal FileScanner Scanner { get; } = new(parameters);

    internal ExtendedAttributes Attributes { get; } = new();

    internal IngestProgress Progress { get; } = progress;

    private readonly List<(int Start, int Length)> _parts = [];
    private readonly List<(List<PreparedPiece> Pieces, int Index)> _places = [];
    private ByteRing? _ring;
    private Digest[] _keys = [];
    private Digest? _keyOfZeros;

    /// <summary>Wants the key of a chunk: chunks are hashed several at once, when all of a batch are there.</summary>
    /// <param name="pieces">Among others the chunk; its item is put there.</param>
    /// <param name="index">Which it is.</param>
    /// <param name="slice">Where it lies.</param>
    internal void HashLater(List<PreparedPiece> pieces, int index, RingSlice slice)
    {
        var (start, length) = (pieces[index].Start, pieces[index].Length);

        // Of a long run of zeros, as free space is, all chunks but the last are alike.
        if (length == parameters.BytesMax && !slice.Span.Slice(start, length).ContainsAnyExcept((byte)0))
        {
            pieces[index] = pieces[index] with { Item = ContentItem.Artifact(_keyOfZeros ??= Digest.Of(new byte[length]), length) };
            return;
        }

        _ring = slice.Ring;
        _parts.Add((slice.Start + start, length));
        _places.Add((pieces, index));
    }

    /// <summary>Hashes what is wanted.</summary>
    internal void HashChunks()
    {
        if (_ring is not { } ring || _parts.Count == 0)
        {
            return;
        }

        if (_keys.Length < _parts.Count)
        {
            _keys = new Digest[_parts.Count * 2];
        }

        Digest.OfParts(ring.All, CollectionsMarshal.AsSpan(_parts), _keys);
        for (var index = 0; index < _places.Count; index++)
        {
            var (pieces, at) = _places[index];
            pieces[at] = pieces[at] with { Item = ContentItem.Artifact(_keys[index], _parts[index].Length) };
        }

        _parts.Clear();
        _places.Clear();
    }
}
