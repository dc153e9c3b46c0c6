using System.Globalization;
using System.Text;

namespace AslRescue.Audit;

/// <summary>Bytes that somebody else wrote, made readable: what is no printable character stands as \xNN, and nothing can move a cursor.</summary>
internal static class Text
{
    public static string Readable(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Readable(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (ArgumentException)
        {
            var text = new StringBuilder();
            foreach (var one in bytes)
            {
                text.Append(one is >= 0x20 and < 0x7f and not (byte)'\\' ? ((char)one).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{one:x2}"));
            }

            return text.ToString();
        }
    }

    public static string Readable(string text)
    {
        if (!text.Any(NeedsEscape))
        {
            return text;
        }

        var made = new StringBuilder();
        foreach (var letter in text)
        {
            made.Append(NeedsEscape(letter) ? string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}") : letter.ToString());
        }

        return made.ToString();

        // Also what turns the direction of writing, and lone surrogates' neighbours stay as they are.
        static bool NeedsEscape(char letter) => char.IsControl(letter) || CharUnicodeInfo.GetUnicodeCategory(letter) is UnicodeCategory.Format;
    }
}
