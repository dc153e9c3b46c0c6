using AslRescue.Shared.Errors;
using Tomlyn.Syntax;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// One TOML table of a contract, read strictly: a key is taken once, and a key that nobody took is an error. Every message
/// carries file, line and column.
/// </summary>
internal sealed class ContractTable
{
    private readonly string _file;
    private readonly SyntaxNode _at;
    private readonly Dictionary<string, KeyValueSyntax> _left = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];

    public ContractTable(string file, SyntaxNode at, SyntaxList<KeyValueSyntax> items)
    {
        (_file, _at) = (file, at);
        foreach (var item in items)
        {
            var key = item.Key!.ToString().Trim();
            if (!_left.TryAdd(key, item))
            {
                throw Invalid(item, $"the key {key} is there twice");
            }
        }
    }

    public string Text(string key) => TextOrNull(key) ?? throw Invalid(_at, $"the key {key} is missing");

    public string? TextOrNull(string key) => Take(key) is not { } item
        ? null
        : item.Value is StringValueSyntax { Value: { Length: > 0 } text }
            ? text
            : throw Invalid(item, $"{key} must be a text in quotes, and not empty");

    public long Number(string key)
    {
        var item = Take(key) ?? throw Invalid(_at, $"the key {key} is missing");
        return item.Value is IntegerValueSyntax number ? number.Value : throw Invalid(item, $"{key} must be a number");
    }

    public IReadOnlyList<string> Words(string key)
    {
        if (Take(key) is not { } item)
        {
            return [];
        }

        var words = (item.Value as ArraySyntax)?.Items.Select(word => (word.Value as StringValueSyntax)?.Value).ToList();
        return words is null || words.Contains(null)
            ? throw Invalid(item, $"{key} must be a list of texts")
            : [.. words.Select(word => word!)];
    }

    /// <summary>A text that must be one of the words; gives what stands beside it.</summary>
    public T OneOf<T>(string key, IReadOnlyDictionary<string, T> words)
    {
        var text = Text(key);
        return words.TryGetValue(text, out var value)
            ? value
            : throw Invalid($"{key} is \"{text}\"; it can be {string.Join(", ", words.Keys)}");
    }

    /// <summary>To be called when every key was asked for.</summary>
    public void RefuseTheRest()
    {
        foreach (var (key, item) in _left)
        {
            throw Invalid(item, $"the key {key} is unknown here; known are {string.Join(", ", _asked)}");
        }
    }

    /// <summary>A fault of the table as a whole.</summary>
    public AslException Invalid(string why) => Invalid(_at, why);

    /// <summary>"overlay.toml:12:1", counted from 1 as editors do.</summary>
    public static string Place(string file, SourceSpan span) => $"{file}:{span.Start.Line + 1}:{span.Start.Column + 1}";

    internal static AslException Invalid(string where, string why) => new(
        new AslError(ErrorCode.OverlayContractInvalid, "the overlay's contract is invalid")
        {
            Where = where,
            Why = why,
            Fix = "correct the line; the head of rules/overlay.toml says what each key means",
        });

    private AslException Invalid(SyntaxNode node, string why) => Invalid(Place(_file, node.Span), why);

    private KeyValueSyntax? Take(string key)
    {
        _asked.Add(key);
        return _left.Remove(key, out var item) ? item : null;
    }
}
