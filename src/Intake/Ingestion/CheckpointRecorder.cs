using System.Buffers;
using System.Formats.Cbor;
using AslRescue.Store.Format;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Gathers what has been read since the last checkpoint. It is asked at the moment a block of chunks is closed: everything
/// recorded until then lies in blocks that are closed.
/// </summary>
internal sealed class CheckpointRecorder
{
    private const int ItemBytes = 40; // An artifact's, with its key, at most.
    private readonly CborWriter _writer = CborExtensions.NewWriter();
    private readonly ArrayBufferWriter<byte> _parts = new();
    private readonly List<ContentItem> _items = [];
    private (int Source, byte[] Path, SourceIdentity Identity)? _file;
    private long _start;
    private long _end;

    /// <summary>About how many bytes the next checkpoint will have.</summary>
    internal long PendingBytes => _parts.WrittenCount + ((long)_items.Count * ItemBytes);

    /// <param name="source">Which source.</param>
    /// <param name="path">From its root.</param>
    /// <param name="identity">What the file was when it was opened.</param>
    /// <param name="start">Up to where earlier checkpoints have it.</param>
    internal void OpenFile(int source, byte[] path, SourceIdentity identity, long start)
    {
        _file = (source, path, identity);
        (_start, _end) = (start, start);
        _items.Clear();
    }

    internal void Add(ContentItem item)
    {
        _items.Add(item);
        _end += item.Length;
    }

    /// <param name="isStable">False: nothing that follows from now on may be relied on, so the rest is not recorded.</param>
    internal void CloseFile(bool isStable)
    {
        if (isStable && _items.Count > 0)
        {
            Write(isComplete: true);
        }

        _file = null;
        _items.Clear();
    }

    /// <summary>A CBOR sequence of parts; null when there is none.</summary>
    internal byte[]? Take()
    {
        if (_file is not null && _items.Count > 0)
        {
            Write(isComplete: false);
            _items.Clear();
            _start = _end;
        }

        if (_parts.WrittenCount == 0)
        {
            return null;
        }

        var parts = _parts.WrittenSpan.ToArray();
        _parts.ResetWrittenCount();
        return parts;
    }

    private void Write(bool isComplete)
    {
        var (source, path, identity) = _file!.Value;
        new CheckpointPart(source, path, identity, _start, _end, _items, isComplete).Write(_writer);
        _parts.Write<byte>(_writer.Encode());
        _writer.Reset();
    }
}
