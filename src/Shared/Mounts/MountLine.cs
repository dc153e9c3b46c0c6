using System.Text;

namespace AslRescue.Shared.Mounts;

/// <summary>
/// One line of mountinfo: "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue". The fields before the
/// dash vary in number.
/// </summary>
internal static class MountLine
{
    /// <summary>The mount, or null when the line is none.</summary>
    public static Mount? Read(string line)
    {
        var fields = line.Split(' ');
        var dash = Array.IndexOf(fields, "-");
        return dash >= 6 && fields.Length >= dash + 4 && Unescape(fields[4]) is ['/', ..] point && !point.Contains('\0', StringComparison.Ordinal)
            ? new Mount(point, fields[dash + 1], Unescape(fields[dash + 2]))
            {
                Id = fields[0],
                ParentId = fields[1],
                Number = fields[2],
                Root = Unescape(fields[3]),
                Options = fields[5].Split(','),
                SuperOptions = [.. fields[dash + 3].Split(',').Select(Unescape)],
            }
            : null;
    }

    /// <summary>Blank, tab, newline and backslash are written as three octal digits of a byte.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var text = Encoding.UTF8.GetBytes(field);
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && TryOctal(text.AsSpan(i + 1, 3), out var value))
            {
                bytes.Add(value);
                i += 3;
            }
            else
            {
                bytes.Add(text[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool TryOctal(ReadOnlySpan<byte> digits, out byte value)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            number = digit is >= (byte)'0' and <= (byte)'7' ? (number * 8) + (digit - '0') : int.MaxValue / 16;
        }

        value = (byte)(number & 0xff);
        return number <= byte.MaxValue;
    }
}
