using System.Text.Json;

namespace AslRescue.Shared.Journal;

/// <summary>How a field of a journal line is read: of another type than expected, it is as if it were not there.</summary>
public static class JournalFields
{
    public static string? Text(this JsonElement line, string field) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static IReadOnlyList<string> Texts(this JsonElement line, string field) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : "")]
            : [];

    public static long? Number(this JsonElement line, string field) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : null;
}
