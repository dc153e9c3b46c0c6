using System.Globalization;
using System.Text;
using System.Text.Unicode;
using AslRescue.Shared.Interop;

namespace AslRescue.Backend.Pages;

/// <summary>
/// The head of one member of a tar archive (POSIX.1-2017, pax Interchange Format), written here because System.Formats.Tar takes names and attributes as texts: names of a
/// snapshot are bytes, and so are the values of attributes.
/// <code>
/// [ustar block, type x] [records "LENGTH KEY=VALUE\n", padded to 512]   only where something does not fit the block below
/// [ustar block]
///   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1
///   157 link 100 | 257 "ustar" 0 "00" | 265 user 32 | 297 group 32 | 329 major 8 | 337 minor 8 | 345 prefix 155, unused
/// </code>
/// </summary>
internal sealed record TarHeader
{
    internal const int BlockBytes = 512;
    private const int TextMax = 100;
    private const long OctalMax = 0x1_ffff_ffff; // Eleven digits.
    private const long ShortOctalMax = 0x1f_ffff; // Seven.

    /// <summary>Raw; of a folder with a slash at its end.</summary>
    internal required byte[] Name { get; init; }

    /// <summary>'0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' folder, '6' fifo.</summary>
    internal required char Type { get; init; }

    internal uint Mode { get; init; } = 0x1a4;

    internal uint User { get; init; }

    internal uint Group { get; init; }

    internal FileTime Modified { get; init; }

    internal long Size { get; init; }

    /// <summary>Where a link points, raw.</summary>
    internal byte[] Link { get; init; } = [];

    internal (uint Major, uint Minor) Device { get; init; }

    /// <summary>Raw names, without an equals sign, and raw values.</summary>
    internal IReadOnlyList<(byte[] Name, byte[] Value)> Attributes { get; init; } = [];

    /// <summary>As written; a multiple of 512 bytes.</summary>
    internal byte[] ToBytes()
    {
        var records = Records();
        return records.Length == 0 ? Block() : [.. Extended(records.Length).Block(), .. records, .. new byte[Padding(records.Length)], .. Block()];
    }

    /// <summary>Zeros behind a content.</summary>
    internal static int Padding(long length) => (int)((BlockBytes - (length % BlockBytes)) % BlockBytes);

    private TarHeader Extended(long length) => new() { Name = "././@PaxHeader"u8.ToArray(), Type = 'x', Size = length, Modified = Modified.Seconds is >= 0 and <= OctalMax ? new(Modified.Seconds, 0) : default };

    private byte[] Records()
    {
        using var records = new MemoryStream();
        if (!Utf8.IsValid(Name) || !Utf8.IsValid(Link))
        {
            Add("hdrcharset"u8, "BINARY"u8); // Stands first: what follows are bytes, not text.
        }

        AddIf(!Fits(Name), "path"u8, Name);
        AddIf(!Fits(Link), "linkpath"u8, Link);
        AddIf(Size > OctalMax, "size"u8, Ascii(Size));
        AddIf(User > ShortOctalMax, "uid"u8, Ascii(User));
        AddIf(Group > ShortOctalMax, "gid"u8, Ascii(Group));
        AddIf(Modified.Nanoseconds != 0 || Modified.Seconds is < 0 or > OctalMax, "mtime"u8, Time(Modified));
        foreach (var (name, value) in Attributes)
        {
            Add([.. "SCHILY.xattr."u8, .. name], value);
        }

        return records.ToArray();

        void AddIf(bool isNeeded, ReadOnlySpan<byte> key, byte[] value)
        {
            if (isNeeded)
            {
                Add(key, value);
            }
        }

        void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => AddRecord(records, key, value);
    }

    /// <summary>"LENGTH KEY=VALUE\n": the length counts its own digits.</summary>
    private static void AddRecord(MemoryStream records, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var rest = key.Length + value.Length + 3;
        var length = rest + Ascii(rest).Length;
        length = rest + Ascii(length).Length; // One more digit may have made one more digit; never two.
        records.Write(Ascii(length));
        records.Write(" "u8);
        records.Write(key);
        records.Write("="u8);
        records.Write(value);
        records.Write("\n"u8);
    }

    /// <summary>Seconds with nine digits; below zero the fraction counts downwards.</summary>
    private static byte[] Time(FileTime time)
    {
        var (sign, seconds, nanoseconds) = time.Seconds >= 0 ? ("", time.Seconds, time.Nanoseconds)
            : time.Nanoseconds == 0 ? ("-", -time.Seconds, 0u) : ("-", -(time.Seconds + 1), 1_000_000_000 - time.Nanoseconds);
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{nanoseconds:D9}"));
    }

    private byte[] Block()
    {
        var block = new byte[BlockBytes];
        Put(0, Name);
        Octal(100, 8, Mode);
        Octal(108, 8, User <= ShortOctalMax ? User : 0);
        Octal(116, 8, Group <= ShortOctalMax ? Group : 0);
        Octal(124, 12, Size <= OctalMax ? Size : 0);
        Octal(136, 12, Modified.Seconds is >= 0 and <= OctalMax ? Modified.Seconds : 0);
        block[156] = (byte)Type;
        Put(157, Link);
        "ustar\0"u8.CopyTo(block.AsSpan(257));
        "00"u8.CopyTo(block.AsSpan(263));
        Octal(329, 8, Device.Major);
        Octal(337, 8, Device.Minor);
        block.AsSpan(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var one in block)
        {
            sum += one;
        }

        Octal(148, 7, sum); // Six digits, a zero, and the space that is there.
        return block;

        void Put(int offset, byte[] text) => text.AsSpan(0, Math.Min(text.Length, TextMax)).CopyTo(block.AsSpan(offset));

        void Octal(int offset, int width, long value) => Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(width - 1, '0') + "\0").CopyTo(block, offset);
    }

    private static bool Fits(byte[] text) => text.Length <= TextMax && System.Text.Ascii.IsValid(text);

    private static byte[] Ascii(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
