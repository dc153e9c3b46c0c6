using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace AslRescue.Intake.Machine;

/// <summary>
/// Reads rules/intake.toml, strictly: an unknown key, a missing one, a wrong type or an unknown word is an error with file and line.
/// It walks Tomlyn's syntax tree, where every node knows its line; docs/machine.md describes the columns.
/// </summary>
public static class ContractFile
{
    private const long FormatKnown = 1;
    private const int BytesMax = 256 * 1024;
    private static readonly string[] ClauseKeys = ["id", "from", "trigger", "to", "requires", "text"];

    /// <summary>Reads a contract from a file.</summary>
    /// <exception cref="AslException">ContractUnproved: missing, unreadable or malformed.</exception>
    public static Contract Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > BytesMax)
            {
                throw Wrong(path, 1, $"the file is longer than {BytesMax} bytes");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return Parse(path, bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(
                new AslError(ErrorCode.ContractUnproved, "the machine's contract cannot be read")
                {
                    Where = path,
                    Why = failure.Message,
                    Fix = "put the overlay's intake.toml back there, or boot again; without it nothing is attached and nothing is ingested",
                },
                failure);
        }
    }

    /// <summary>Reads a contract from its bytes.</summary>
    /// <param name="path">For errors.</param>
    /// <param name="bytes">UTF-8 TOML.</param>
    public static Contract Parse(string path, byte[] bytes)
    {
        var document = Document(path, bytes);
        foreach (var pair in document.KeyValues)
        {
            if (Name(pair.Key) != "format" || pair.Value is not IntegerValueSyntax { Value: FormatKnown })
            {
                throw Wrong(path, Line(pair), "before the clauses only 'format = 1' may stand");
            }
        }

        return document.KeyValues.ChildrenCount == 1
            ? new Contract([.. document.Tables.Select(table => ReadClause(path, table))], bytes)
            : throw Wrong(path, 1, "'format = 1' is missing");
    }

    private static DocumentSyntax Document(string path, byte[] bytes)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            var document = SyntaxParser.Parse(text, path, validate: true);
            var first = document.Diagnostics.FirstOrDefault(one => one.Kind == DiagnosticMessageKind.Error);
            return first is null ? document : throw Wrong(path, first.Span.Start.Line + 1, first.Message);
        }
        catch (Exception failure) when (failure is TomlException or DecoderFallbackException or ArgumentException or IndexOutOfRangeException)
        {
            // The last two are Tomlyn's on a text that ends inside an escape.
            throw Wrong(path, 1, failure.Message);
        }
    }

    private static Clause ReadClause(string path, TableSyntaxBase table)
    {
        if (table is not TableArraySyntax || Name(table.Name) != "clause")
        {
            throw Wrong(path, Line(table), $"only [[clause]] tables may stand here, not '{Name(table.Name)}'");
        }

        var values = table.Items.ToDictionary(pair => Name(pair.Key), StringComparer.Ordinal);
        foreach (var (key, pair) in values)
        {
            if (!ClauseKeys.Contains(key, StringComparer.Ordinal))
            {
                throw Wrong(path, Line(pair), $"unknown key '{key}': a clause has {string.Join(", ", ClauseKeys)}");
            }
        }

        var reader = new ClauseReader(path, Line(table), values);
        return new Clause(
            reader.Id(), reader.State("from"), reader.Trigger(), reader.State("to"), reader.Requires(), reader.Text("text"), Line(table));
    }

    /// <summary>The values of one clause, each with its own complaint.</summary>
    private readonly struct ClauseReader(string path, int line, Dictionary<string, KeyValueSyntax> values)
    {
        public string Text(string key) => Value(key) is StringValueSyntax { Value: { Length: > 0 } text }
            ? text
            : throw Wrong(path, LineOf(key), $"'{key}' must be a text that is not empty");

        public string Id()
        {
            var id = Text("id");
            return id.Length == 5 && id.StartsWith("IN-", StringComparison.Ordinal) && id[3..].All(char.IsAsciiDigit) && id != Contract.HaltClause
                ? id
                : throw Wrong(path, LineOf("id"), $"'{id}' is no clause id: they are IN-01 to IN-99 ({Contract.HaltClause} is built in)");
        }

        public IntakeState State(string key) => IntakeStates.TryParse(Text(key), out var state)
            ? state
            : throw Wrong(path, LineOf(key), $"unknown state '{Text(key)}': they are {string.Join(", ", IntakeStates.All)}");

        public IntakeTrigger Trigger() => IntakeTriggers.TryParse(Text("trigger"), out var trigger)
            ? trigger
            : throw Wrong(path, LineOf("trigger"),
                $"unknown trigger '{Text("trigger")}': they are {string.Join(", ", IntakeTriggers.All.Select(IntakeTriggers.Word))}");

        public IReadOnlyList<string> Requires()
        {
            if (Value("requires") is not ArraySyntax array)
            {
                throw Wrong(path, LineOf("requires"), "'requires' must be a list of texts");
            }

            return [.. array.Items.Select(Evidence)];
        }

        private string Evidence(ArrayItemSyntax item) =>
            item.Value is StringValueSyntax { Value: { } name } && EvidenceNames.All.Contains(name, StringComparer.Ordinal)
                ? name
                : throw Wrong(path, LineOf("requires"), $"unknown evidence {item.Value}: there is {string.Join(", ", EvidenceNames.All)}");

        private ValueSyntax? Value(string key) => values.TryGetValue(key, out var pair)
            ? pair.Value
            : throw Wrong(path, line, $"the clause has no '{key}'");

        private int LineOf(string key) => values.TryGetValue(key, out var pair) ? Line(pair) : line;
    }

    private static int Line(SyntaxNodeBase node) => node.Span.Start.Line + 1;

    private static string Name(KeySyntax? key) => key?.ToString().Trim() ?? "";

    private static AslException Wrong(string path, int line, string why) =>
        new(new AslError(ErrorCode.ContractUnproved, "the machine's contract is malformed")
        {
            Where = string.Create(CultureInfo.InvariantCulture, $"{path}:{line}"),
            Why = why,
            Fix = "asl-admin rules check   (nothing is attached until the contract is proved)",
        });
}
