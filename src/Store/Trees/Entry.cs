using System.Formats.Cbor;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>What an entry is. The numbers are the format's.</summary>
public enum EntryKind
{
    File = 0,
    Directory = 1,
    SymbolicLink = 2,
    Fifo = 3,
    Socket = 4,
    CharacterDevice = 5,
    BlockDevice = 6,

    /// <summary>It was listed, and nothing more could be learned.</summary>
    Unknown = 7,

    /// <summary>The bytes of a whole block device: a size and a content, nothing else.</summary>
    Image = 8,
}

/// <summary>Why an entry is less than, or not surely, what the source held. The numbers are the format's.</summary>
public enum ProblemKind
{
    Unreadable = 1,
    Vanished = 2,
    Changed = 3,
    BadRanges = 4,
    NotEntered = 5,
    MetadataUnreadable = 6,
}

/// <summary>An extended attribute, an ACL or a capability: raw name, raw value.</summary>
public sealed record ExtendedAttribute(byte[] Name, byte[] Value);

/// <summary>One name in a folder of a snapshot, with all that is kept of it (docs/store-format.md, Trees).</summary>
public sealed record Entry
{
    /// <summary>
    /// No path of an entry, from the root of its source, is longer: 16 times what Linux takes in one call. A walk holds a name or more of each folder above.
    /// </summary>
    public const int PathBytesMax = 1 << 16;

    /// <summary>
    /// Nor any name: what Linux takes in one call. 255 bytes are the limit of most file systems and of no other: vfat, exFAT and NTFS have 255 units of UTF-16, up to 765 bytes
    /// of UTF-8, and FUSE passes on 1024 and more.
    /// </summary>
    public const int NameBytesMax = 4096;

    /// <summary>So no folder lies below more than so many: names have a byte or more, and a slash between them.</summary>
    internal const int DepthMax = PathBytesMax / 2;

    // Linux gives the names of all attributes of a file in 64 KiB, each with a zero behind it.
    private const int AttributesMax = 1 << 15;

    // Each kind at most once.
    private const int ProblemsMax = 64;

    /// <summary>Raw bytes, one path component; empty for the root of a source.</summary>
    public byte[] Name { get; init; } = [];

    public required EntryKind Kind { get; init; }

    /// <summary>The lower twelve bits of st_mode.</summary>
    public uint Permissions { get; init; }

    public uint User { get; init; }

    public uint Group { get; init; }

    public FileTime Modified { get; init; }

    /// <summary>Bytes of a file or an image; number of entries of a directory.</summary>
    public long Size { get; init; }

    /// <summary>The bytes of a file or an image, or of a directory's listing.</summary>
    public IReadOnlyList<ContentItem> Content { get; init; } = [];

    /// <summary>Where a symbolic link points, raw.</summary>
    public byte[]? Target { get; init; }

    /// <summary>For device nodes.</summary>
    public (uint Major, uint Minor)? Device { get; init; }

    /// <summary>Ascending by name.</summary>
    public IReadOnlyList<ExtendedAttribute> Attributes { get; init; } = [];

    /// <summary>Path of the first entry of the same inode, from the root of the source; null when this is the first or the only one.</summary>
    public byte[]? HardLink { get; init; }

    /// <summary>Ascending.</summary>
    public IReadOnlyList<ProblemKind> Problems { get; init; } = [];

    /// <summary>Whether the content is the bytes themselves: a file or an image.</summary>
    public bool HasBytes => Kind is EntryKind.File or EntryKind.Image;

    /// <summary>Appends the entry to a CBOR sequence.</summary>
    public void Write(CborWriter writer)
    {
        var isKnown = Kind is not (EntryKind.Unknown or EntryKind.Image);
        var hasContent = HasBytes || Kind == EntryKind.Directory;
        writer.WriteStartMap(1 + Count(Name.Length > 0) + (isKnown ? 4 : 0) + (hasContent ? 2 : 0) + Count(Target is not null)
            + Count(Device is not null) + Count(Attributes.Count > 0) + Count(HardLink is not null) + Count(Problems.Count > 0));
        if (Name.Length > 0)
        {
            writer.WriteInt32(0);
            writer.WriteByteString(Name);
        }

        writer.WriteInt32(1);
        writer.WriteInt32((int)Kind);
        if (isKnown)
        {
            WriteStatus(writer);
        }

        if (hasContent)
        {
            writer.WriteInt32(6);
            writer.WriteInt64(Size);
            writer.WriteInt32(7);
            ContentItem.WriteAll(writer, Content);
        }

        WriteOptional(writer);
        writer.WriteEndMap();
    }

    /// <summary>Reads the next entry of a CBOR sequence.</summary>
    /// <exception cref="CborContentException">It is no entry, or one that could lead a restore astray.</exception>
    public static Entry Read(CborReader reader)
    {
        byte[] name = [];
        var kind = EntryKind.Unknown;
        var (permissions, user, group, modified, size) = (0u, 0u, 0u, default(FileTime), 0L);
        IReadOnlyList<ContentItem> content = [];
        byte[]? target = null;
        (uint, uint)? device = null;
        IReadOnlyList<ExtendedAttribute> attributes = [];
        byte[]? hardLink = null;
        IReadOnlyList<ProblemKind> problems = [];
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            switch (reader.ReadInt32())
            {
                case 0: name = reader.ReadByteString(); break;
                case 1: kind = (EntryKind)reader.ReadInt32(); break;
                case 2: permissions = reader.ReadUInt32(); break;
                case 3: user = reader.ReadUInt32(); break;
                case 4: group = reader.ReadUInt32(); break;
                case 5: modified = reader.ReadTime(); break;
                case 6: size = reader.ReadInt64(); break;
                case 7: content = ContentItem.ReadAll(reader); break;
                case 8: target = reader.ReadByteString(); break;
                case 9: device = reader.ReadPair(); break;
                case 10: attributes = reader.ReadList(ReadAttribute, AttributesMax); break;
                case 11: hardLink = reader.ReadByteString(); break;
                case 12: problems = reader.ReadList(item => (ProblemKind)item.ReadInt32(), ProblemsMax); break;
                case var key: throw new CborContentException($"an entry has no key {key}");
            }
        }

        reader.ReadEndMap();
        var entry = new Entry
        {
            Name = name,
            Kind = kind,
            Permissions = permissions,
            User = user,
            Group = group,
            Modified = modified,
            Size = size,
            Content = content,
            Target = target,
            Device = device,
            Attributes = attributes,
            HardLink = hardLink,
            Problems = problems,
        };
        return entry.IsPossible ? entry : throw new CborContentException($"an entry of kind {kind} with impossible values");
    }

    private bool IsPossible =>
        Kind is >= EntryKind.File and <= EntryKind.Image
        && !Name.AsSpan().ContainsAny((byte)'/', (byte)0) && !Name.AsSpan().SequenceEqual("."u8) && !Name.AsSpan().SequenceEqual(".."u8)
        && Name.Length <= NameBytesMax && Permissions <= 0xfff && Size >= 0
        && (Kind != EntryKind.SymbolicLink || Target is { Length: > 0 })
        && (!HasBytes || Content.Sum(item => item.Length) == Size)
        && (HardLink is null || StaysBelow(HardLink))
        && (Kind is not (EntryKind.BlockDevice or EntryKind.CharacterDevice) || Device is not null);

    /// <summary>Whether a path leads to nothing but what lies below where it begins: one that does not would lead a restore out of its target.</summary>
    internal static bool StaysBelow(ReadOnlySpan<byte> path)
    {
        foreach (var part in path.Split((byte)'/'))
        {
            if (path[part] is [(byte)'.'] or [(byte)'.', (byte)'.'])
            {
                return false;
            }
        }

        return !path.Contains((byte)0);
    }

    private void WriteStatus(CborWriter writer)
    {
        writer.WriteInt32(2);
        writer.WriteUInt32(Permissions);
        writer.WriteInt32(3);
        writer.WriteUInt32(User);
        writer.WriteInt32(4);
        writer.WriteUInt32(Group);
        writer.WriteInt32(5);
        writer.WriteTime(Modified);
    }

    private void WriteOptional(CborWriter writer)
    {
        if (Target is not null)
        {
            writer.WriteInt32(8);
            writer.WriteByteString(Target);
        }

        if (Device is { } device)
        {
            writer.WriteInt32(9);
            writer.WritePair(device);
        }

        if (Attributes.Count > 0)
        {
            writer.WriteInt32(10);
            writer.WriteList(Attributes, attribute => WriteAttribute(writer, attribute));
        }

        if (HardLink is not null)
        {
            writer.WriteInt32(11);
            writer.WriteByteString(HardLink);
        }

        if (Problems.Count > 0)
        {
            writer.WriteInt32(12);
            writer.WriteList(Problems, kind => writer.WriteInt32((int)kind));
        }
    }

    private static void WriteAttribute(CborWriter writer, ExtendedAttribute attribute)
    {
        writer.WriteStartArray(2);
        writer.WriteByteString(attribute.Name);
        writer.WriteByteString(attribute.Value);
        writer.WriteEndArray();
    }

    private static ExtendedAttribute ReadAttribute(CborReader reader)
    {
        reader.ReadStartArray();
        var attribute = new ExtendedAttribute(reader.ReadByteString(), reader.ReadByteString());
        reader.ReadEndArray();
        return attribute;
    }

    private static int Count(bool present) => present ? 1 : 0;
}
