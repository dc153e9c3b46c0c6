using System.Text.Json;

namespace AslRescue.Audit.Replay;

/// <summary>Fields of documents, read without believing that they are there.</summary>
internal static class Json
{
    /// <summary>A text, or a number or truth value as it is written; null for anything else.</summary>
    public static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        }
        : null;

    /// <summary>An object within an object; default when there is none.</summary>
    public static JsonElement Inner(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A text that is no Unicode would fail whoever asks for it later.</summary>
    private static void ReadTexts(byte[] bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (InvalidOperationException noText)
        {
            throw new JsonException(noText.Message, noText);
        }
    }

    /// <summary>A document as an object.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonElement Parse(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        ReadTexts(bytes);
        return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw new JsonException("it is no object");
    }
}
