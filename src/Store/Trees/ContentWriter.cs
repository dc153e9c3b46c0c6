using System.Buffers;
using System.Formats.Cbor;
using System.IO.Hashing;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>
/// Gathers the items of a content; where they become many, writes them as lists of items, lists of lists, and so on, holding no
/// more than one list of each depth. Neighbouring holes, and bad ranges of one error, become one item, so that the outcome does not
/// depend on how the source was read.
/// </summary>
/// <param name="put">Stores a list as an artifact.</param>
public sealed class ContentWriter(PutArtifact put)
{
    private const int ListItemsMin = 64;
    private const ulong CutModulus = 1024;
    private readonly CborWriter _writer = CborExtensions.NewWriter();
    private readonly List<Level> _levels = [];
    private ContentItem? _last;

    /// <summary>Bytes that the items so far stand for.</summary>
    public long Length { get; private set; }

    /// <summary>Adds the next item.</summary>
    public void Add(ContentItem item)
    {
        Length += item.Length;
        if (_last is { } last)
        {
            if (item.Kind is ContentKind.Hole or ContentKind.BadRange && item.Kind == last.Kind && item.Detail == last.Detail)
            {
                _last = last with { Length = last.Length + item.Length };
                return;
            }

            Add(last, 0);
        }

        _last = item;
    }

    /// <summary>The items of the content: at most 32. The writer can then be used for the next one.</summary>
    public ContentItem[] Finish()
    {
        if (_last is { } last)
        {
            Add(last, 0);
        }

        ContentItem[] items = [];
        for (var depth = 0; depth < _levels.Count; depth++)
        {
            var level = _levels[depth];
            if (!level.HasFlushed && level.Items.Count <= ContentItem.InlineItemsMax)
            {
                items = [.. level.Items];
                break;
            }

            Flush(depth);
        }

        _levels.Clear();
        (_last, Length) = (null, 0);
        return items;
    }

    private void Add(ContentItem item, int depth)
    {
        if (depth == _levels.Count)
        {
            _levels.Add(new Level());
        }

        var level = _levels[depth];
        item.Write(_writer);
        var encoded = level.Encoded.GetSpan(_writer.BytesWritten)[.._writer.BytesWritten];
        _writer.Encode(encoded);
        _writer.Reset();
        var isCut = XxHash3.HashToUInt64(encoded) % CutModulus == 0;
        level.Encoded.Advance(encoded.Length);
        level.Items.Add(item);
        if (level.Items.Count == ContentItem.ListItemsMax || (isCut && level.Items.Count >= ListItemsMin))
        {
            Flush(depth);
        }
    }

    private void Flush(int depth)
    {
        var level = _levels[depth];
        level.HasFlushed = true;
        if (level.Items.Count > 0)
        {
            var list = ContentItem.List(put(level.Encoded.WrittenSpan), level.Items.Sum(item => item.Length), depth + 1);
            level.Items.Clear();
            level.Encoded.ResetWrittenCount();
            Add(list, depth + 1);
        }
    }

    /// <summary>The list of one depth that is being filled.</summary>
    private sealed class Level
    {
        internal List<ContentItem> Items { get; } = [];

        internal ArrayBufferWriter<byte> Encoded { get; } = new();

        internal bool HasFlushed { get; set; }
    }
}
