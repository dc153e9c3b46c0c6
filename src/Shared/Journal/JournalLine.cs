using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace AslRescue.Shared.Journal;

/// <summary>
/// The line format of journals and seals (docs/store-format.md, Logs): one JSON object a line that ends in its own hash, the
/// SHA-256 of all bytes before <c>,"hash"</c>. So a line can be checked with nothing but sha256sum.
/// </summary>
public static class JournalLine
{
    /// <summary>No line is longer: what refers to much lies in an object of its own.</summary>
    public const int BytesMax = 1 << 20;

    // A comma, the field's name, quotes, 64 digits, the closing brace.
    private const int TailBytes = 9 + 64 + 2;

    private static readonly JsonWriterOptions Options = new()
    {
        Indented = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A line, ended by a newline, and its hash.</summary>
    public static (byte[] Line, Digest Hash) Write(IEnumerable<KeyValuePair<string, object>> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in fields)
            {
                writer.WritePropertyName(name);
                WriteValue(writer, value);
            }

            writer.WriteEndObject();
        }

        var hashed = buffer.WrittenSpan[..^1];
        var hash = Digest.Of(hashed);
        byte[] line = [.. hashed, .. ",\"hash\":\""u8, .. System.Text.Encoding.ASCII.GetBytes(hash.ToString()), .. "\"}\n"u8];
        return line.Length <= BytesMax
            ? (line, hash)
            : throw new ArgumentException($"a journal line of {line.Length} bytes is longer than {BytesMax}", nameof(fields));
    }

    /// <summary>Checks the hash of one line (without its newline). False when it is not a line of this format.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> line, out JsonElement parsed, out Digest hash, out string reason)
    {
        (parsed, hash, reason) = (default, default, "");
        var bytes = line.Span;
        if (bytes.Length > BytesMax)
        {
            reason = $"the line is longer than {BytesMax} bytes"; // Parsed, it would take many times as much.
            return false;
        }

        if (bytes.Length <= TailBytes || !bytes[^TailBytes..].StartsWith(",\"hash\":\""u8) || !bytes.EndsWith("\"}"u8)
            || !Digest.TryParse(System.Text.Encoding.Latin1.GetString(bytes[^66..^2]), out hash))
        {
            reason = "the line does not end in its hash";
            return false;
        }

        var actual = Digest.Of(bytes[..^TailBytes]);
        if (actual != hash)
        {
            reason = $"its bytes hash to {actual.Short}…, it says {hash.Short}…";
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            ReadTexts(bytes);
            parsed = document.RootElement.Clone();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            reason = exception.Message;
            return false;
        }
    }

    /// <summary>Parsing leaves the texts as they are; one that is not Unicode would fail whoever asks for it later.</summary>
    private static void ReadTexts(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                _ = reader.GetString();
            }
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case Digest digest:
                writer.WriteStringValue(digest.ToString());
                break;
            case DateTimeOffset time:
                writer.WriteStringValue(time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
                break;
            case JsonElement element:
                element.WriteTo(writer);
                break;
            case IEnumerable<string> list:
                writer.WriteStartArray();
                foreach (var item in list)
                {
                    writer.WriteStringValue(item);
                }

                writer.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"a journal field cannot hold a {value.GetType().Name}", nameof(value));
        }
    }
}
