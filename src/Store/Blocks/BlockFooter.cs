using System.Buffers.Binary;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Store.Blocks;

/// <summary>
/// The footer of a block file; docs/store-format.md draws it. Its SHA-256 is the block's name, and it covers every byte of the file:
/// the header by a copy, the artifacts by checksum and key.
/// </summary>
public sealed class BlockFooter
{
    /// <summary>Length of the header that starts a block file.</summary>
    public const int HeaderBytes = 32;

    private const int FixedBytes = 56 + TrailerBytes;
    private const int TrailerBytes = 16;
    private const int EntriesOffset = 56;
    private const int ReadAheadBytes = 32 << 10;

    private BlockFooter(Digest name, BlockContent content, long fileLength, BlockEntry[] entries) =>
        (Name, Content, FileLength, Entries) = (name, content, fileLength, entries);

    /// <summary>The name of the block.</summary>
    public Digest Name { get; }

    /// <summary>What kind of artifacts it holds.</summary>
    public BlockContent Content { get; }

    /// <summary>Length of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>The artifacts, in the order of the file, without gap or overlap.</summary>
    public IReadOnlyList<BlockEntry> Entries { get; }

    /// <summary>Where the footer starts.</summary>
    public int Offset => (int)FileLength - BytesFor(Entries.Count);

    /// <summary>Length of a footer with this many entries.</summary>
    public static int BytesFor(int entries) => FixedBytes + (entries * BlockEntry.Bytes);

    internal static void WriteHeader(Span<byte> target, BlockContent content)
    {
        "ASLBLOCK"u8.CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], StoreFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(target[10..], (ushort)content);
        target[12..HeaderBytes].Clear();
    }

    /// <summary>Writes the footer behind the artifacts; gives the block's name.</summary>
    internal static Digest Write(Span<byte> target, ReadOnlySpan<byte> header, int offset, IReadOnlyList<BlockEntry> entries)
    {
        target = target[..BytesFor(entries.Count)];
        "ASLFOOT1"u8.CopyTo(target);
        header.CopyTo(target[8..]);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[48..], entries.Count);
        target[52..EntriesOffset].Clear();
        for (var index = 0; index < entries.Count; index++)
        {
            entries[index].Write(target[(EntriesOffset + (index * BlockEntry.Bytes))..]);
        }

        BinaryPrimitives.WriteInt64LittleEndian(target[^TrailerBytes..], target.Length);
        "ASLBEND1"u8.CopyTo(target[^8..]);
        return Digest.Of(target);
    }

    /// <summary>Reads and checks the footer of a block, and the header against it; the artifacts are not read.</summary>
    /// <exception cref="AslException">ObjectMissing, or BlockCorrupt with the offset.</exception>
    public static BlockFooter Read(IBackend backend, Digest name)
    {
        using var file = backend.OpenExisting(ObjectName.Block(name));
        return Read(backend, name, file);
    }

    /// <summary>The same on a block that is open.</summary>
    internal static BlockFooter Read(IBackend backend, Digest name, IStoredObject file) => TryRead(backend, name, file, int.MaxValue)!;

    /// <summary>The same; null when the footer is longer than the caller has memory for.</summary>
    internal static BlockFooter? TryRead(IBackend backend, Digest name, IStoredObject file, int bytesMax)
    {
        var length = file.Length;
        if (length is < HeaderBytes + FixedBytes or > StoreFormat.BlockFileBytesMax)
        {
            throw Corrupt(backend, name, length, $"a file of {length} bytes is no block");
        }

        var tail = new byte[Math.Min(length, ReadAheadBytes)];
        file.Read(length - tail.Length, tail);
        var footerLength = BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(^TrailerBytes));
        if (!tail.AsSpan().EndsWith("ASLBEND1"u8) || footerLength < FixedBytes || footerLength > length - HeaderBytes)
        {
            throw Corrupt(backend, name, length - TrailerBytes, "the file does not end as a block does: it is cut short or overwritten");
        }

        if (footerLength > bytesMax)
        {
            return null;
        }

        if (footerLength > tail.Length)
        {
            tail = new byte[footerLength];
            file.Read(length - footerLength, tail);
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        file.Read(0, header);
        return Parse(backend, name, length, header, tail.AsSpan(^(int)footerLength));
    }

    private static BlockFooter Parse(IBackend backend, Digest name, long length, ReadOnlySpan<byte> header, ReadOnlySpan<byte> footer)
    {
        var start = length - footer.Length;
        var actual = Digest.Of(footer);
        if (actual != name)
        {
            throw Corrupt(backend, name, start, $"its footer hashes to {actual.Short}…, its name says otherwise");
        }

        var same = header.CommonPrefixLength(footer[8..40]);
        if (same < HeaderBytes)
        {
            throw Corrupt(backend, name, same, "the header differs from the copy in the footer");
        }

        // The hash is right, so a malformed footer was written so: by something that is no writer of this format.
        var entries = ParseEntries(footer, start);
        var content = (BlockContent)BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        return entries is not null && header.StartsWith("ASLBLOCK"u8) && footer.StartsWith("ASLFOOT1"u8)
            && BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) == StoreFormat.Version
            && content is BlockContent.Chunks or BlockContent.Metadata
                ? new BlockFooter(name, content, length, entries)
                : throw Corrupt(backend, name, start, "the footer was not written by a program that keeps to the format");
    }

    private static BlockEntry[]? ParseEntries(ReadOnlySpan<byte> footer, long end)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(footer[48..]);
        if (count < 1 || count > footer.Length / BlockEntry.Bytes || footer.Length != BytesFor(count) || BinaryPrimitives.ReadInt64LittleEndian(footer[40..]) != end)
        {
            return null;
        }

        var entries = new BlockEntry[count];
        long offset = HeaderBytes;
        for (var index = 0; index < count; index++)
        {
            var entry = entries[index] = BlockEntry.Read(footer[(EntriesOffset + (index * BlockEntry.Bytes))..]);
            if (index > 0 && entry.IsInFrameOf(entries[index - 1]) && GoesOn(entries[index - 1], entry))
            {
                continue;
            }

            if (entry.Offset != offset || !IsPossible(entry))
            {
                return null;
            }

            offset += entry.StoredLength;
        }

        return offset == end ? entries : null;
    }

    /// <summary>Whether an entry may be the next artifact of the frame that the previous one lies in.</summary>
    private static bool GoesOn(in BlockEntry previous, in BlockEntry entry) =>
        entry.Position == previous.Position + previous.RawLength
        && entry.RawLength > 0 && previous.RawLength > 0 && entry.Position + (long)entry.RawLength <= StoreFormat.ArtifactBytesMax
        && (entry.StoredLength, entry.Checksum) == (previous.StoredLength, previous.Checksum);

    /// <summary>Whether an entry may start a frame.</summary>
    private static bool IsPossible(in BlockEntry entry) =>
        entry is { Position: 0, StoredLength: >= 0, RawLength: >= 0 and <= StoreFormat.ArtifactBytesMax, Codec: <= Codec.Zstandard }
        && (entry.Codec == Codec.Stored ? entry.StoredLength == entry.RawLength : entry.StoredLength > 0);

    internal static AslException Corrupt(IBackend backend, Digest name, long offset, string why) =>
        new(new AslError(ErrorCode.BlockCorrupt, $"block {name.Short} is corrupt")
        {
            Where = string.Create(CultureInfo.InvariantCulture, $"{backend.Location}/{ObjectName.Block(name)}, offset {offset}"),
            Why = why,
            Fix = "asl-admin verify --data   (lists every snapshot it touches)",
        });
}
