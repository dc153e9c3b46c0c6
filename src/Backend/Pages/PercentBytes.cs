using System.Globalization;
using System.Text;

namespace AslRescue.Backend.Pages;

/// <summary>
/// Raw bytes in URLs (RFC 3986, 2.1): names are bytes, and those that are no UTF-8 must come back as they were. A plus is a plus.
/// </summary>
internal static class PercentBytes
{
    /// <summary>All but unreserved characters and the slash as %XX.</summary>
    internal static string Encode(ReadOnlySpan<byte> raw, bool isSlashKept = true)
    {
        var text = new StringBuilder(raw.Length);
        foreach (var one in raw)
        {
            _ = char.IsAsciiLetterOrDigit((char)one) || one is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~' || (isSlashKept && one == (byte)'/')
                ? text.Append((char)one)
                : text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }

        return text.ToString();
    }

    /// <summary>Null when an escape is cut short or no number.</summary>
    internal static byte[]? Decode(ReadOnlySpan<char> text)
    {
        List<byte> raw = new(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] > 0x7f)
            {
                return null;
            }

            if (text[index] != '%')
            {
                raw.Add((byte)text[index]);
                continue;
            }

            if (index + 2 >= text.Length || !byte.TryParse(text.Slice(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var one))
            {
                return null;
            }

            raw.Add(one);
            index += 2;
        }

        return [.. raw];
    }
}
