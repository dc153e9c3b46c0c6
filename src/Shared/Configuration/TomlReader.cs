using AslRescue.Shared.Errors;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Reads a TOML file into raw entries with positions, through Tomlyn's syntax tree: no reflection, no mapping to types, and every
/// node knows where it stands. What a key may be is not known here.
/// </summary>
internal sealed class TomlReader
{
    private readonly SourceText _source;
    private readonly IReadOnlyDictionary<int, string> _unquoted;
    private readonly bool _isLenient;
    private readonly RawScope _top = new();

    private TomlReader(SourceText source, IReadOnlyDictionary<int, string> unquoted, bool isLenient)
    {
        _source = source;
        _unquoted = unquoted;
        _isLenient = isLenient;
    }

    /// <summary>The entries of a file, in its order.</summary>
    /// <param name="source">The file.</param>
    /// <param name="isLenient">Whether values without quotes are text, as in asl.conf.</param>
    /// <exception cref="AslException">ConfigSyntax, at the first thing that is wrong.</exception>
    public static IReadOnlyList<RawEntry> Read(SourceText source, bool isLenient)
    {
        var unquoted = isLenient ? UnquotedValues.In(source.Text) : null;
        var text = unquoted?.Masked ?? source.Text;
        var reader = new TomlReader(source, unquoted?.Values ?? new Dictionary<int, string>(), isLenient);

        // Twice: the first pass finds broken syntax, then the tree is read, so that a key stated twice is told in our words with
        // both places; the second pass finds what only Tomlyn's validation knows, such as a table that is opened twice.
        reader.ReadDocument(reader.Parse(text, validate: false));
        reader.Parse(text, validate: true);
        return reader._top.Entries;
    }

    /// <summary>Whether a text is a TOML value by itself.</summary>
    public static bool IsValue(string text)
    {
        var document = Parsed("x=" + text, validate: true);
        return document is { HasErrors: false, KeyValues.ChildrenCount: 1 };
    }

    private DocumentSyntax Parse(string text, bool validate)
    {
        var document = Parsed(text, validate) ?? throw Syntax(UnreadableEnd(text), "the text up to there cannot be read");
        var first = document.Diagnostics.Where(d => d.Kind == DiagnosticMessageKind.Error).MinBy(d => d.Span.Start.Offset);
        return first is null ? document : throw Syntax(first.Span.Start.Offset, first.Message);
    }

    /// <summary>
    /// The tree with its diagnostics, or null where Tomlyn throws instead: on tables nested too deep, and, in 2.10.2, on a \u without
    /// its digits, by an exception that is not even its own. What random bytes can make it throw is not known, so all of it is caught.
    /// </summary>
    private static DocumentSyntax? Parsed(string text, bool validate)
    {
        try
        {
            return SyntaxParser.Parse(text, validate: validate);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>The exceptions carry no place: halving finds the shortest beginning of the text that Tomlyn throws on.</summary>
    private static int UnreadableEnd(string text)
    {
        var (readable, unreadable) = (0, text.Length);
        while (unreadable - readable > 1)
        {
            var middle = (readable + unreadable) / 2;
            (readable, unreadable) = Parsed(text[..middle], validate: false) is null ? (readable, middle) : (middle, unreadable);
        }

        return unreadable - 1;
    }

    private AslException Syntax(int offset, string why) => ConfigurationErrors.Syntax(_source.Where(offset), why, _isLenient);

    private void ReadDocument(DocumentSyntax document)
    {
        foreach (var keyValue in document.KeyValues)
        {
            AddKeyValue(_top, "", keyValue);
        }

        foreach (var table in document.Tables)
        {
            ReadTable(table);
        }
    }

    private void ReadTable(TableSyntaxBase table)
    {
        var (name, where) = Key(table.Name);
        var (scope, prefix) = table is TableArraySyntax ? (_top.AddListTable(name, where), "") : (_top, name + ".");
        if (table is TableSyntax)
        {
            _top.AddGroup(name, where);
        }

        foreach (var keyValue in table.Items)
        {
            AddKeyValue(scope, prefix, keyValue);
        }
    }

    private void AddKeyValue(RawScope scope, string prefix, KeyValueSyntax keyValue)
    {
        var (name, where) = Key(keyValue.Key);
        if (keyValue.Value is not InlineTableSyntax { Items: var items })
        {
            scope.Add(prefix + name, where, Value(keyValue.Value));
            return;
        }

        scope.AddGroup(prefix + name, where);
        foreach (var item in items)
        {
            AddKeyValue(scope, prefix + name + ".", Present(item.KeyValue));
        }
    }

    private RawValue Value(ValueSyntax? syntax)
    {
        var at = Present(syntax).Span.Start.Offset;
        var where = _source.Where(at);
        if (_unquoted.TryGetValue(at, out var text))
        {
            return new RawValue(RawKind.Text, text, where);
        }

        return syntax switch
        {
            StringValueSyntax s => new RawValue(RawKind.Text, s.Value ?? "", where),
            IntegerValueSyntax i => Bare(RawKind.Integer, i, where) with { Integer = i.Value },
            FloatValueSyntax f => Bare(RawKind.Float, f, where),
            BooleanValueSyntax b => Bare(RawKind.Flag, b, where),
            DateTimeValueSyntax d => Bare(RawKind.Date, d, where),
            ArraySyntax a => new RawValue(RawKind.List, "", where) { Items = [.. a.Items.Select(i => Value(i.Value))] },
            InlineTableSyntax t => new RawValue(RawKind.Table, "", where) { Entries = InlineEntries(t) },
            _ => throw Syntax(at, "this is no value"),
        };
    }

    private RawValue Bare(RawKind kind, ValueSyntax syntax, string where) =>
        new(kind, _source.Text[syntax.Span.Start.Offset..(syntax.Span.End.Offset + 1)], where) { MayBeText = _isLenient };

    private IReadOnlyList<RawEntry> InlineEntries(InlineTableSyntax table)
    {
        var scope = new RawScope();
        foreach (var item in table.Items)
        {
            AddKeyValue(scope, "", Present(item.KeyValue));
        }

        return scope.Entries;
    }

    private (string Name, string Where) Key(KeySyntax? syntax)
    {
        var key = Present(syntax);
        var segments = key.DotKeys.Select(d => Segment(d.Key)).Prepend(Segment(key.Key));
        return (string.Join('.', segments), _source.Where(key.Span.Start.Offset));
    }

    /// <summary>A quoted segment that needs its quotes keeps them: <c>"local.mount"</c> is not <c>local.mount</c>.</summary>
    private string Segment(BareKeyOrStringValueSyntax? syntax)
    {
        var text = syntax switch
        {
            BareKeySyntax bare => bare.Key?.Text ?? "",
            StringValueSyntax quoted => quoted.Value ?? "",
            _ => throw Syntax(0, "a key is missing"),
        };
        return BareKeySyntax.IsBareKey(text) ? text : $"\"{text}\"";
    }

    /// <summary>A document without diagnostics has all its nodes; the types of the syntax tree do not say so.</summary>
    private T Present<T>(T? node) where T : SyntaxNode => node ?? throw Syntax(0, "the line is not complete");
}
