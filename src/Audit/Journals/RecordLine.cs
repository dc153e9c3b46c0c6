using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AslRescue.Audit.Journals;

/// <summary>
/// One line of a journal, read by this verifier's own code from docs/store-format.md (Logs): a JSON object whose last field is the
/// SHA-256 of all bytes of the line before <c>,"hash"</c>.
/// </summary>
public sealed record RecordLine
{
    /// <summary>No writer makes longer ones.</summary>
    public const int BytesMax = 1 << 20;

    private const int TailBytes = 9 + 64 + 2;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The file that holds it, and the line there, from 1.</summary>
    public required string Where { get; init; }

    /// <summary>The bytes, without the newline.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Position in the run's journal.</summary>
    public required long Sequence { get; init; }

    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>The kernel's boot id.</summary>
    public required string Boot { get; init; }

    /// <summary>Nanoseconds, comparable within one boot.</summary>
    public required long Monotonic { get; init; }

    /// <summary>By the machine's clock, as written.</summary>
    public required string Wall { get; init; }

    /// <summary>What the record says.</summary>
    public required string Kind { get; init; }

    /// <summary>Hash of the record before.</summary>
    public required string Previous { get; init; }

    /// <summary>Its own hash.</summary>
    public required string Hash { get; init; }

    /// <summary>All fields.</summary>
    public required JsonElement Fields { get; init; }

    /// <summary>A field that is a text.</summary>
    public string? Text(string name) => Fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A field that is a number.</summary>
    public long? Number(string name) =>
        Fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    /// <summary>A field that is a list of texts.</summary>
    public IReadOnlyList<string> Texts(string name) => Fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    /// <summary>Reads a line. What is wrong with it is a finding; then there is no record.</summary>
    public static (RecordLine? Record, Finding? Finding) Read(string where, ReadOnlyMemory<byte> line)
    {
        var (fields, hash, finding) = ReadHashed(where, line);
        if (finding is not null)
        {
            return (null, finding);
        }

        var record = Decode(where, line, fields, hash);
        return record is null
            ? (null, new Finding(FindingKind.Malformed, where, "a field that every record has is missing, or of another type"))
            : (record, null);
    }

    /// <summary>Reads any line that ends in its own hash: a journal's, or a seal.</summary>
    internal static (JsonElement Fields, string Hash, Finding? Finding) ReadHashed(string where, ReadOnlyMemory<byte> line)
    {
        var bytes = line.Span;
        if (bytes.Length > BytesMax)
        {
            return (default, "", new Finding(FindingKind.Malformed, where, $"the line is longer than {BytesMax} bytes"));
        }

        if (bytes.Length <= TailBytes || !bytes[^TailBytes..].StartsWith(",\"hash\":\""u8) || !bytes.EndsWith("\"}"u8))
        {
            return (default, "", new Finding(FindingKind.Malformed, where, "the line does not end in its hash"));
        }

        var said = Encoding.Latin1.GetString(bytes[^66..^2]);
        var made = Sha.Of(bytes[..^TailBytes]);
        if (said != made)
        {
            return (default, "", new Finding(FindingKind.Edited, where, $"its bytes hash to {Sha.Short(made)}, it says {Sha.Short(Printed(said))}"));
        }

        try
        {
            // A key that stands twice would be read one way here and another way elsewhere.
            using var document = JsonDocument.Parse(Strict.GetString(bytes), new JsonDocumentOptions { AllowDuplicateProperties = false });
            ReadTexts(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (document.RootElement.Clone(), said, null)
                : (default, "", new Finding(FindingKind.Malformed, where, "it is no JSON object"));
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException or InvalidOperationException)
        {
            return (default, "", new Finding(FindingKind.Malformed, where, malformed.Message));
        }
    }

    /// <summary>Parsing leaves texts as they are; one that is no Unicode would fail whoever asks for it.</summary>
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

    private static RecordLine? Decode(string where, ReadOnlyMemory<byte> line, JsonElement fields, string hash)
    {
        var read = new RecordLine
        {
            Where = where,
            Bytes = line,
            Fields = fields,
            Hash = hash,
            Sequence = 0,
            Run = "",
            Boot = "",
            Monotonic = 0,
            Wall = "",
            Kind = "",
            Previous = "",
        };
        return read.Number("sequence") is { } sequence and > 0 && read.Number("monotonic") is { } monotonic
            && read.Text("run") is { } run && read.Text("boot") is { } boot && read.Text("kind") is { } kind && Sha.IsOne(read.Text("previous"))
            && DateTimeOffset.TryParse(read.Text("wall"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
                ? read with
                {
                    Sequence = sequence,
                    Run = run,
                    Boot = boot,
                    Monotonic = monotonic,
                    Wall = read.Text("wall")!,
                    Kind = kind,
                    Previous = read.Text("previous")!,
                }
                : null;
    }

    private static string Printed(string text) => new([.. text.Select(letter => letter is >= ' ' and <= '~' ? letter : '?')]);
}
