using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Reads the <c>asl:</c> scope of what SystemRescue merged from its YAML files. Of the other scopes nothing is kept or shown: they
/// can hold passwords. Nested objects make dotted keys; a name with dots in it counts as written out.
/// </summary>
internal static class SystemRescueConfiguration
{
    private const string Scope = "asl";

    public static IReadOnlyList<RawEntry> Read(string path, ReadOnlyMemory<byte> bytes)
    {
        bytes = bytes.Span.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return ReadScope(path, document.RootElement);
        }
        catch (JsonException e)
        {
            throw ConfigurationErrors.NotJson(
                string.Create(CultureInfo.InvariantCulture, $"{path}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}"));
        }
        catch (InvalidOperationException)
        {
            // JsonDocument checks the characters of a text only when it is asked for the text.
            throw ConfigurationErrors.NotJson(path);
        }
    }

    private static List<RawEntry> ReadScope(string path, JsonElement root)
    {
        var scope = new RawScope();
        foreach (var property in root.ValueKind == JsonValueKind.Object ? root.EnumerateObject() : default)
        {
            if (property.NameEquals(Scope))
            {
                AddScope(scope, path, property.Value);
            }
        }

        return [.. scope.Entries];
    }

    private static void AddScope(RawScope scope, string path, JsonElement table)
    {
        if (table.ValueKind == JsonValueKind.Object)
        {
            AddProperties(scope, path, "", table);
        }

        // The merge is written in Lua, which has one empty table for both: an empty list says as much as an empty object.
        else if (table.ValueKind != JsonValueKind.Array || table.GetArrayLength() > 0)
        {
            var raw = Value(table, $"{path}, {Scope}");
            throw ConfigurationErrors.Value(Scope, ValueProblem.WrongType(raw, "keys and their values"), "asl: {mode: \"auto\"}");
        }
    }

    private static void AddProperties(RawScope scope, string path, string prefix, JsonElement table)
    {
        foreach (var property in table.EnumerateObject())
        {
            var key = prefix + property.Name;
            var where = $"{path}, {Scope}.{key}";
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                scope.AddGroup(key, where);
                AddProperties(scope, path, key + ".", property.Value);
            }
            else
            {
                scope.Add(key, where, Value(property.Value, where));
            }
        }
    }

    private static RawValue Value(JsonElement element, string where) => element.ValueKind switch
    {
        JsonValueKind.String => new RawValue(RawKind.Text, element.GetString()!, where),
        JsonValueKind.Number when element.TryGetInt64(out var integer) =>
            new RawValue(RawKind.Integer, element.GetRawText(), where) { Integer = integer },
        JsonValueKind.Number => new RawValue(RawKind.Float, element.GetRawText(), where),
        JsonValueKind.True or JsonValueKind.False => new RawValue(RawKind.Flag, element.GetRawText(), where),
        JsonValueKind.Array => new RawValue(RawKind.List, "", where)
        {
            Items = [.. element.EnumerateArray().Select(item => Value(item, where))],
        },
        JsonValueKind.Object => new RawValue(RawKind.Table, "", where),
        _ => new RawValue(RawKind.Null, "", where),
    };
}
