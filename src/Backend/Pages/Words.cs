using System.Globalization;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>Numbers, times and kinds as people read them.</summary>
internal static class Words
{
    private const long YearOne = -62135596800;
    private const long YearTenThousand = 253402300800;

    /// <summary>"12,345".</summary>
    internal static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>To the second, UTC; years that .NET cannot hold as seconds since 1970.</summary>
    internal static string Time(FileTime time) => time.Seconds is >= YearOne and < YearTenThousand
        ? Time(DateTimeOffset.FromUnixTimeSeconds(time.Seconds))
        : string.Create(CultureInfo.InvariantCulture, $"@{time.Seconds}");

    /// <summary>To the second, UTC.</summary>
    internal static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    internal static string Kind(EntryKind kind) => kind switch
    {
        EntryKind.File => "file",
        EntryKind.Directory => "folder",
        EntryKind.SymbolicLink => "link",
        EntryKind.Fifo => "fifo",
        EntryKind.Socket => "socket",
        EntryKind.CharacterDevice => "character device",
        EntryKind.BlockDevice => "block device",
        EntryKind.Image => "image",
        _ => "unknown",
    };

    /// <summary>"-rwxr-xr-x", as ls has it.</summary>
    internal static string Mode(Entry entry)
    {
        const string bits = "rwxrwxrwx";
        var text = new char[10];
        text[0] = "-dlpscb?i"[(int)entry.Kind];
        for (var index = 0; index < bits.Length; index++)
        {
            text[index + 1] = (entry.Permissions & (0x100u >> index)) != 0 ? bits[index] : '-';
        }

        Special(0x800, 3, 's');
        Special(0x400, 6, 's');
        Special(0x200, 9, 't');
        return new(text);

        void Special(uint bit, int place, char letter)
        {
            if ((entry.Permissions & bit) != 0)
            {
                text[place] = text[place] == '-' ? char.ToUpperInvariant(letter) : letter;
            }
        }
    }

    internal static string Problem(ProblemKind kind) => kind switch
    {
        ProblemKind.Unreadable => "could not be read",
        ProblemKind.Vanished => "vanished before it was read",
        ProblemKind.Changed => "changed while it was read",
        ProblemKind.BadRanges => "parts could not be read",
        ProblemKind.NotEntered => "not entered: another file system, the store itself, or too deep",
        ProblemKind.MetadataUnreadable => "some metadata could not be read",
        _ => "not as it was",
    };

    /// <summary>Why a range is bad.</summary>
    internal static string BadRange(int detail) => detail switch
    {
        0 => "not tried",
        < 0 => $"not tried one by one; a larger read gave: {Errno.Text(-detail)}",
        _ => $"could not be read: {Errno.Text(detail)}",
    };

    /// <summary>What the last part of a source's path is called; a name that is safe for a file.</summary>
    internal static byte[] LastName(ReadOnlySpan<byte> path, int source)
    {
        var end = path.TrimEnd((byte)'/');
        var name = end[(end.LastIndexOf((byte)'/') + 1)..];
        return name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) || name.Contains((byte)0)
            ? System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"source-{source}"))
            : name.ToArray();
    }

    /// <summary>A raw path, for people; the root as a slash.</summary>
    internal static string Path(ReadOnlySpan<byte> raw) => raw.IsEmpty ? "/" : Printable.Bytes(raw);
}
