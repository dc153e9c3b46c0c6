using System.Text;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace AslRescue.Audit.Rules;

/// <summary>A table of a rule file: its header, and its keys with texts and lists of texts. All else about TOML is the library's.</summary>
/// <param name="Header">"clause", "local.inputs"; "" for what stands before the first header.</param>
/// <param name="Values">Keys with their dots, and their texts; a number or a date is its text.</param>
internal sealed record TomlPart(string Header, IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    public string? Text(string key) => Values.TryGetValue(key, out var values) && values.Count == 1 ? values[0] : null;

    public IReadOnlyList<string> Texts(string key) => Values.TryGetValue(key, out var values) ? values : [];
}

/// <summary>Reads rule files for this verifier.</summary>
internal static class TomlText
{
    // As intake's own reader has it; and the library goes down into arrays by recursion.
    private const int BytesMax = 256 * 1024;
    private const int DepthMax = 64;

    /// <summary>The tables of a file in their order, or why it is no TOML.</summary>
    public static (IReadOnlyList<TomlPart> Parts, string? Why) Read(byte[] bytes)
    {
        if (bytes.Length > BytesMax || Depth(bytes) > DepthMax)
        {
            return ([], $"it is longer than {BytesMax} bytes, or nested deeper than {DepthMax}");
        }

        try
        {
            var document = SyntaxParser.Parse(new UTF8Encoding(false, true).GetString(bytes), validate: true);
            return document.Diagnostics.FirstOrDefault(one => one.Kind == DiagnosticMessageKind.Error) is { } wrong
                ? ([], wrong.Message)
                : ([new TomlPart("", Values(document.KeyValues)), .. document.Tables.Select(table => new TomlPart(Key(table.Name), Values(table.Items)))], null);
        }
        catch (Exception malformed) when (malformed is TomlException or ArgumentException or IndexOutOfRangeException)
        {
            return ([], malformed.Message);
        }
    }

    /// <summary>The deepest nesting of brackets, those in texts included: more than there is, never less.</summary>
    private static int Depth(byte[] bytes)
    {
        var (depth, deepest) = (0, 0);
        foreach (var one in bytes)
        {
            depth = one is (byte)'[' or (byte)'{' ? depth + 1 : one is (byte)']' or (byte)'}' ? Math.Max(0, depth - 1) : depth;
            deepest = Math.Max(deepest, depth);
        }

        return deepest;
    }

    private static Dictionary<string, IReadOnlyList<string>> Values(IEnumerable<KeyValueSyntax> items)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            values[Key(item.Key)] = item.Value is ArraySyntax array ? [.. array.Items.Select(one => Scalar(one.Value))] : [Scalar(item.Value)];
        }

        return values;
    }

    private static string Key(KeySyntax? key) => key is null ? "" : string.Join('.', key.DotKeys.Select(dot => Part(dot.Key)).Prepend(Part(key.Key)));

    private static string Part(BareKeyOrStringValueSyntax? part) => part is StringValueSyntax quoted ? quoted.Value ?? "" : part?.ToString().Trim() ?? "";

    private static string Scalar(ValueSyntax? value) => value is StringValueSyntax text ? text.Value ?? "" : value?.ToString().Trim() ?? "";
}
