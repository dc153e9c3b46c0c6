using System.Formats.Cbor;
using System.IO.Hashing;
using AslRescue.Shared;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>Takes artifacts in; gives the key.</summary>
public delegate Digest PutArtifact(ReadOnlySpan<byte> raw);

/// <summary>
/// Writes a CBOR sequence as artifacts, cut after whole elements: listings, side tables, lists of problems. Where it is cut depends
/// on the elements alone, so one changed entry of a huge folder changes one artifact or two.
/// </summary>
/// <param name="put">Stores an artifact.</param>
public sealed class SequenceWriter(PutArtifact put)
{
    private const int BytesMin = 16 << 10;
    private const int BytesMax = 256 << 10;
    private const ulong CutModulus = 16;
    private readonly CborWriter _writer = CborExtensions.NewWriter();
    private readonly System.Buffers.ArrayBufferWriter<byte> _pending = new();
    private readonly ContentWriter _content = new(put);

    /// <summary>Number of elements.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one element.</summary>
    public void Add(Action<CborWriter> write)
    {
        write(_writer);
        var length = _writer.BytesWritten;
        var element = _pending.GetSpan(length)[..length];
        _writer.Encode(element);
        _writer.Reset();
        var isCut = XxHash3.HashToUInt64(element) % CutModulus == 0;
        _pending.Advance(length);
        Count++;
        if ((_pending.WrittenCount >= BytesMin && isCut) || _pending.WrittenCount >= BytesMax)
        {
            Flush();
        }
    }

    /// <summary>The items of the whole sequence. The writer can then be used for the next one.</summary>
    public ContentItem[] Finish()
    {
        Flush();
        Count = 0;
        return _content.Finish();
    }

    private void Flush()
    {
        if (_pending.WrittenCount > 0)
        {
            _content.Add(ContentItem.Artifact(put(_pending.WrittenSpan), _pending.WrittenCount));
            _pending.ResetWrittenCount();
        }
    }
}
