using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace AslRescue.Preflight.Toml;

/// <summary>
/// A TOML file as the flat list of sections that a rule file is. It is read from Tomlyn's syntax tree: that needs no
/// reflection, and every entry keeps its line, which a finding has to name.
/// </summary>
internal static class TomlSections
{
    /// <summary>The sections, or the first thing that is no TOML.</summary>
    public static (IReadOnlyList<TomlSection> Sections, string? Problem) Parse(string text)
    {
        try
        {
            var document = SyntaxParser.Parse(text, validate: true);
            var problem = document.Diagnostics.FirstOrDefault(d => d.Kind == DiagnosticMessageKind.Error);
            return problem is null
                ? (Sections(document), null)
                : ([], $"line {problem.Span.Start.Line + 1}: {problem.Message}");
        }
        catch (Exception e) when (e is TomlException or ArgumentException)
        {
            // Tomlyn 2.10 throws ArgumentOutOfRangeException for a text that ends within an escape.
            return ([], e is TomlException ? e.Message : "a text is not ended");
        }
    }

    private static List<TomlSection> Sections(DocumentSyntax document)
    {
        var sections = new List<TomlSection> { new("", false, 1, Entries(document.KeyValues)) };
        foreach (var table in document.Tables)
        {
            var isArray = table is TableArraySyntax;
            sections.Add(new TomlSection(KeyText(table.Name), isArray, LineOf(table), Entries(table.Items)));
        }

        return sections;
    }

    private static List<TomlEntry> Entries(IEnumerable<KeyValueSyntax> items) =>
        [.. items.Select(item => new TomlEntry(KeyText(item.Key), Value(item.Value), LineOf(item)))];

    private static int LineOf(SyntaxNode node) => node.Span.Start.Line + 1;

    private static string KeyText(KeySyntax? key) =>
        key is null ? "" : string.Join('.', key.DotKeys.Select(part => Part(part.Key)).Prepend(Part(key.Key)));

    private static string Part(BareKeyOrStringValueSyntax? part) => part switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax quoted => quoted.Value ?? "",
        _ => "",
    };

    private static object? Value(ValueSyntax? value) => value switch
    {
        StringValueSyntax text => text.Value,
        IntegerValueSyntax number => number.Value,
        FloatValueSyntax number => number.Value,
        BooleanValueSyntax flag => flag.Value,
        ArraySyntax array => array.Items.Select(item => Value(item.Value)).ToList(),
        _ => null,
    };
}
