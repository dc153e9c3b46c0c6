using System.Globalization;
using System.Text;

namespace AslRescue.Shared.Errors;

/// <summary>
/// Text that came from a disk, made safe for a terminal and unambiguous for a log. File names are bytes: valid UTF-8 is
/// shown as it is, any other byte, control characters and the backslash as \xNN, so two different names never look the same.
/// </summary>
public static class Printable
{
    /// <summary>A raw name or path.</summary>
    public static string Bytes(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(raw, out var rune, out var used);
            if (status == System.Buffers.OperationStatus.Done && !IsUnsafe(rune) && rune.Value != '\\')
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var one in raw[..used])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
                }
            }

            raw = raw[used..];
        }

        return text.ToString();
    }

    /// <summary>A message that may quote such text: control characters are escaped, nothing else is touched.</summary>
    public static string Text(string value)
    {
        if (!value.EnumerateRunes().Any(IsUnsafe))
        {
            return value;
        }

        var text = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            _ = IsUnsafe(rune) ? text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}") : text.Append(rune.ToString());
        }

        return text.ToString();
    }

    /// <summary>Control characters and those that turn the direction of writing: both can make a terminal lie.</summary>
    private static bool IsUnsafe(Rune rune) =>
        Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
