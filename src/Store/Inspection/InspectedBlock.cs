using System.Buffers.Binary;
using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;

namespace AslRescue.Store.Inspection;

/// <summary>The header of a block as it lies there.</summary>
/// <param name="Version">As it says.</param>
/// <param name="Content">As it says.</param>
public sealed record InspectedHeader(int Version, int Content);

/// <summary>The footer of a block as it was found.</summary>
/// <param name="Offset">Where it starts in the file.</param>
/// <param name="Length">As long as it should be for its entries; the file may end before.</param>
/// <param name="SaidOffset">Where it says that it starts.</param>
/// <param name="Entries">How many it says that it has.</param>
/// <param name="Digest">What it hashes to: the block's name. Null when the file ends within it.</param>
public sealed record InspectedFooter(long Offset, long Length, long SaidOffset, int Entries, Digest? Digest);

/// <summary>
/// A block file, whole or damaged: what can still be read of it, and where it stops making sense. Held in memory are the footer (at most 64 MiB) and
/// the entries of one frame.
/// </summary>
/// <remarks>
/// The footer is looked for where the trailer says, then by its mark from the end backwards: so one behind which something was appended, or whose end
/// is cut off, is found too. Where there is none, frames are found by their own marks: <see cref="FoundFrames"/>.
/// </remarks>
public sealed class InspectedBlock
{
    private const int FixedBytes = 72;
    private const int EntriesAt = 56;
    private readonly InspectedFile _file;
    private readonly List<Damage> _damages = [];
    private byte[] _entries = [];

    /// <summary>Reads header and footer.</summary>
    public InspectedBlock(InspectedFile file)
    {
        _file = file;
        Header = ReadHeader();
        Footer = BlockFooterSearch.Find(file) is var (offset, byTrailer) ? ReadFooter(offset, byTrailer) : null;
        if (Footer is null)
        {
            _damages.Add(new(Math.Max(0, file.Length - 16), Math.Min(16, file.Length), "the file does not end as a block does, and has no footer before its end"));
        }
    }

    /// <summary>Null when the file does not start as a block does.</summary>
    public InspectedHeader? Header { get; }

    /// <summary>Null when there is none.</summary>
    public InspectedFooter? Footer { get; }

    /// <summary>What is wrong with header, footer and name; frames have their own.</summary>
    public IReadOnlyList<Damage> Damages => _damages;

    /// <summary>How many bytes before the footer are missing (below zero) or too many.</summary>
    public long Shift => Footer is { } footer ? footer.Offset - footer.SaidOffset : 0;

    /// <summary>Whether anything of it is a block's.</summary>
    public bool IsBlock => Header is not null || Footer is not null;

    /// <summary>The frames that the footer lists, in its order, with what is impossible about them.</summary>
    public IEnumerable<InspectedFrame> Frames()
    {
        var (number, expected, count) = (0, (long)BlockFooter.HeaderBytes, _entries.Length / BlockEntry.Bytes);
        for (var first = 0; first < count;)
        {
            var end = first + 1;
            while (end < count && Entry(end).IsInFrameOf(Entry(first)))
            {
                end++;
            }

            var frame = ToFrame(number++, first, end, expected);
            expected = frame.End;
            first = end;
            yield return frame;
        }
    }

    /// <summary>Frames that are found without a footer, by their own marks, in the first 64 MiB; those that were stored as they are have none.</summary>
    public IEnumerable<InspectedFrame> FoundFrames()
    {
        var length = (int)Math.Min(_file.Length, StoreFormat.BlockFileBytesMax);
        if (_file.TryRead(0, length) is not { } bytes)
        {
            yield break;
        }

        for (var (number, position) = (0, 0); position < bytes.Length;)
        {
            var next = bytes.AsSpan(position).IndexOf(ZstdFrame.Magic);
            position += Math.Max(0, next);
            if (next < 0 || ZstdFrame.Read(bytes.AsSpan(position)) is not { } frame)
            {
                position = next < 0 ? bytes.Length : position + 1;
                continue;
            }

            yield return new() { Number = number++, Offset = position, StoredLength = frame.Length, Codec = Codec.Zstandard, Artifacts = [], RawLength = frame.ContentLength };
            position += frame.Length;
        }
    }

    private BlockEntry Entry(int index) => BlockEntry.Read(_entries.AsSpan(index * BlockEntry.Bytes, BlockEntry.Bytes));

    private InspectedFrame ToFrame(int number, int first, int end, long expected)
    {
        var head = Entry(first);
        var (artifacts, impossible, raw) = (new InspectedArtifact[end - first], new List<Damage>(), 0L);
        for (var index = first; index < end; index++)
        {
            var entry = Entry(index);
            artifacts[index - first] = new(index, entry.Key, entry.Position, entry.RawLength);
            if (entry.RawLength is < 0 or > StoreFormat.ArtifactBytesMax || entry.Position != raw || (entry.StoredLength, entry.Checksum) != (head.StoredLength, head.Checksum))
            {
                impossible.Add(Says(index, $"position {entry.Position}, raw length {entry.RawLength}, stored length {entry.StoredLength}: no artifact of this frame"));
            }

            raw += Math.Max(0, entry.RawLength);
        }

        if (head.Codec > Codec.Zstandard || head.Offset < 0 || head.StoredLength is < 0 or > StoreFormat.BlockFileBytesMax || (head.Codec == Codec.Stored && head.StoredLength != head.RawLength))
        {
            impossible.Add(Says(first, $"codec {(int)head.Codec}, offset {head.Offset}, stored length {head.StoredLength}, raw length {head.RawLength}: no frame is like that"));
        }

        return new()
        {
            Number = number,
            Offset = head.Offset,
            StoredLength = head.StoredLength,
            Codec = head.Codec,
            Checksum = head.Checksum,
            Artifacts = artifacts,
            RawLength = raw,
            Impossible = impossible,
            Odd = head.Offset != expected ? [Says(first, $"offset {head.Offset}, the frame before ends at {expected}")] : [],
        };
    }

    private Damage Says(int entry, string what) =>
        new(Footer!.Offset + EntriesAt + ((long)entry * BlockEntry.Bytes), BlockEntry.Bytes, $"entry {entry} says {what}");

    private InspectedHeader? ReadHeader()
    {
        if (_file.TryRead(0, BlockFooter.HeaderBytes) is not { } header)
        {
            _damages.Add(new(0, Math.Min(_file.Length, BlockFooter.HeaderBytes), $"a header of {BlockFooter.HeaderBytes} bytes cannot be read; the file has {_file.Length}"));
            return null;
        }

        if (!header.AsSpan().StartsWith("ASLBLOCK"u8))
        {
            _damages.Add(new(0, 8, "the file does not start as a block does"));
            return null;
        }

        var read = new InspectedHeader(BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8)), BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(10)));
        if (read.Version != StoreFormat.Version || read.Content is < 1 or > 2 || header.AsSpan(12).ContainsAnyExcept((byte)0))
        {
            _damages.Add(new(8, 24, $"the header has version {read.Version}, content {read.Content}, or bytes that are not zero"));
        }

        return read;
    }

    private InspectedFooter? ReadFooter(long offset, bool byTrailer)
    {
        var available = (int)Math.Min(_file.Length - offset, StoreFormat.BlockFileBytesMax);
        if (_file.TryRead(offset, available) is not { Length: >= EntriesAt } bytes)
        {
            _damages.Add(new(offset, available, "the footer cannot be read, or ends before its entries"));
            return null;
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(48));
        var whole = count is > 0 and < StoreFormat.BlockFileBytesMax / BlockEntry.Bytes ? BlockFooter.BytesFor(count) : 0;
        var footer = new InspectedFooter(offset, whole, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40)), count, whole > 0 && whole <= bytes.Length ? Digest.Of(bytes.AsSpan(0, whole)) : null);
        _entries = bytes[EntriesAt..(EntriesAt + EntryBytes(bytes, whole))];
        JudgeFooter(footer, bytes, byTrailer);
        return footer;
    }

    /// <summary>As many entries as there are whole ones; where their number makes no sense, as many as lie before the end.</summary>
    private static int EntryBytes(byte[] bytes, int whole)
    {
        var end = whole > 0 ? Math.Min(whole - (FixedBytes - EntriesAt), bytes.Length) : bytes.Length - (FixedBytes - EntriesAt);
        return Math.Max(0, end - EntriesAt) / BlockEntry.Bytes * BlockEntry.Bytes;
    }

    private void JudgeFooter(InspectedFooter footer, ReadOnlySpan<byte> bytes, bool byTrailer)
    {
        if (footer.Length == 0)
        {
            Add(footer.Offset + 48, 4, $"the footer says that it has {footer.Entries} entries, which no block has");
        }
        else if (footer.Digest is null)
        {
            Add(_file.Length, 0, $"the file ends within the footer, {footer.Offset + footer.Length - _file.Length} bytes before its end");
        }
        else if (!byTrailer && footer.Offset + footer.Length < _file.Length)
        {
            Add(footer.Offset + footer.Length, _file.Length - footer.Offset - footer.Length, $"{_file.Length - footer.Offset - footer.Length} bytes follow the block");
        }
        else if (!bytes[..(int)footer.Length].EndsWith("ASLBEND1"u8) || BinaryPrimitives.ReadInt64LittleEndian(bytes[((int)footer.Length - 16)..]) != footer.Length)
        {
            Add(footer.Offset + footer.Length - 16, 16, $"the trailer does not say that the footer has {footer.Length} bytes");
        }

        if (_file.Name is { } name && footer.Digest is { } digest && digest != name)
        {
            Add(footer.Offset, footer.Length, $"the footer hashes to {digest}, the file's name says otherwise");
        }

        if (footer.Offset - footer.SaidOffset is var shift and not 0)
        {
            Add(footer.Offset + 40, 8, $"{(shift < 0 ? 0UL - (ulong)shift : (ulong)shift)} bytes before the footer are {(shift < 0 ? "missing" : "too many")}: it says that it starts at {footer.SaidOffset}");
        }

        if (_file.TryRead(0, BlockFooter.HeaderBytes) is { } header && header.AsSpan().CommonPrefixLength(bytes[8..40]) is var same and < BlockFooter.HeaderBytes)
        {
            Add(same, BlockFooter.HeaderBytes - same, "the header differs from the copy in the footer");
        }
    }

    private void Add(long offset, long length, string why) => _damages.Add(new(offset, length, why));
}
