using System.Globalization;
using System.Text.RegularExpressions;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// Reads rules/overlay.toml by walking the syntax tree: no mapping by reflection, so that it works in an AOT program, and every
/// refusal can name its line. What is refused: unknown keys and words, a path or clause named twice, paths that are not plain,
/// modes that let others write, links that leave the overlay, a row below something that is no folder.
/// </summary>
internal static partial class OverlayContractReader
{
    private const int Format = 1;

    /// <summary>Write permission for group and others, set-uid, set-gid and sticky: nothing here needs any of them.</summary>
    private const int ForbiddenModeBits = 0xE00 | 0x12;

    private static readonly Dictionary<string, OverlayKind> Kinds = new(StringComparer.Ordinal)
    {
        ["file"] = OverlayKind.File,
        ["dir"] = OverlayKind.Dir,
        ["link"] = OverlayKind.Link,
        ["program"] = OverlayKind.Program,
        ["library"] = OverlayKind.Library,
    };

    private static readonly Dictionary<string, OverlayClass> Classes = new(StringComparer.Ordinal)
    {
        ["immutable"] = OverlayClass.Immutable,
        ["configuration"] = OverlayClass.Configuration,
        ["state"] = OverlayClass.State,
        ["runtime"] = OverlayClass.Runtime,
        ["mount"] = OverlayClass.Mount,
    };

    private static readonly Dictionary<string, bool> Origins = new(StringComparer.Ordinal) { ["schema"] = true, ["extra"] = false };

    /// <summary>A pattern over a file of some megabytes takes milliseconds; one that backtracks without end is stopped.</summary>
    private static readonly TimeSpan PatternTimeMax = TimeSpan.FromSeconds(10);

    public static (OverlayParents Parents, List<OverlayRow> Rows, List<OverlayUnit> Units, List<ForbiddenContent> Forbidden) Read(string text, string file)
    {
        var document = SyntaxParser.Parse(text, file, validate: true);
        foreach (var fault in document.Diagnostics.Where(fault => fault.Kind == DiagnosticMessageKind.Error))
        {
            throw ContractTable.Invalid(ContractTable.Place(file, fault.Span), fault.Message);
        }

        ReadHead(new ContractTable(file, document, document.KeyValues));
        OverlayParents? parents = null;
        var rows = new List<OverlayRow>();
        var units = new List<OverlayUnit>();
        var forbidden = new List<ForbiddenContent>();
        var clauses = new HashSet<string>(StringComparer.Ordinal);
        foreach (var syntax in document.Tables)
        {
            var table = new ContractTable(file, syntax, syntax.Items);
            var clause = ReadClause(table, clauses);
            switch (syntax)
            {
                case TableSyntax when Name(syntax) == "parents":
                    parents = ReadParents(table, clause);
                    break;
                case TableArraySyntax when Name(syntax) == "path":
                    rows.Add(ReadRow(table, clause, rows));
                    break;
                case TableArraySyntax when Name(syntax) == "unit":
                    units.Add(ReadUnit(table, clause, rows));
                    break;
                case TableArraySyntax when Name(syntax) == "forbidden":
                    forbidden.Add(ReadForbidden(table, clause));
                    break;
                default:
                    throw table.Invalid($"{syntax.Name} is unknown; known are [parents], [[path]], [[unit]] and [[forbidden]]");
            }

            table.RefuseTheRest();
        }

        return (parents ?? throw ContractTable.Invalid(file, "the table [parents] is missing"), rows, units, forbidden);
    }

    private static string? Name(TableSyntaxBase table) => table.Name?.ToString().Trim();

    private static void ReadHead(ContractTable head)
    {
        if (head.Number("format") is var format && format != Format)
        {
            throw head.Invalid($"format is {format}; this program knows {Format}");
        }

        head.RefuseTheRest();
    }

    private static string ReadClause(ContractTable table, HashSet<string> taken)
    {
        var clause = table.Text("clause");
        if (!ClausePattern().IsMatch(clause))
        {
            throw table.Invalid($"the clause \"{clause}\" is not of the form OV-10");
        }

        return taken.Add(clause) ? clause : throw table.Invalid($"the clause {clause} is given twice");
    }

    private static OverlayParents ReadParents(ContractTable table, string clause) =>
        new(clause, ReadMode(table), ReadOwner(table), table.Text("reason"));

    private static OverlayRow ReadRow(ContractTable table, string clause, List<OverlayRow> before)
    {
        var kind = table.OneOf("kind", Kinds);
        var row = new OverlayRow
        {
            Clause = clause,
            Path = ReadPath(table, before),
            Kind = kind,
            Mode = kind == OverlayKind.Link ? null : ReadMode(table),
            Target = kind == OverlayKind.Link ? table.Text("target") : null,
            Owner = ReadOwner(table),
            Class = table.OneOf("class", Classes),
            IsFromSchema = table.OneOf("origin", Origins),
            Reason = table.Text("reason"),
        };
        RefuseImpossible(table, row);
        return row;
    }

    private static string ReadPath(ContractTable table, List<OverlayRow> before)
    {
        var path = table.Text("path");
        if (path.Length < 2 || path[0] != '/' || path[1..].Split('/').Any(part => !PathPartPattern().IsMatch(part)))
        {
            throw table.Invalid($"the path \"{path}\" is not plain: absolute, letters, digits, . _ @ + - only, no . or ..");
        }

        foreach (var other in before)
        {
            if (other.Path == path)
            {
                throw table.Invalid($"{path} has a row already: {other.Clause}");
            }

            if (other.Kind != OverlayKind.Dir && path.StartsWith(other.Path + "/", StringComparison.Ordinal))
            {
                throw table.Invalid($"{path} lies below {other.Path}, which {other.Clause} makes no folder");
            }
        }

        return path;
    }

    private static int ReadMode(ContractTable table)
    {
        var text = table.Text("mode");
        if (!ModePattern().IsMatch(text))
        {
            throw table.Invalid($"the mode \"{text}\" is not of the form 0755");
        }

        var mode = Convert.ToInt32(text, 8);
        return (mode & ForbiddenModeBits) == 0
            ? mode
            : throw table.Invalid($"the mode {text} lets others write or run as somebody else; nothing in the overlay needs that");
    }

    private static OverlayOwner ReadOwner(ContractTable table)
    {
        var text = table.Text("owner");
        return text.Split(':') is [var user, var group] && TryReadId(user, out var userId) && TryReadId(group, out var groupId)
            ? new OverlayOwner(userId, groupId)
            : throw table.Invalid($"the owner \"{text}\" is not of the form root:root or 0:0");
    }

    private static bool TryReadId(string text, out uint id)
    {
        id = 0;
        return text == "root" || uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    private static void RefuseImpossible(ContractTable table, OverlayRow row)
    {
        var isShipped = row.Class is OverlayClass.Immutable or OverlayClass.Configuration;
        if (!isShipped && row.Kind != OverlayKind.Dir)
        {
            throw table.Invalid($"{row.Path} is state, runtime or mount, so it must be a folder: the image ships it empty");
        }

        if (row.Target is { } target && OverlayPaths.Leaves(row.Path, target))
        {
            throw table.Invalid($"the link {row.Path} -> {target} is absolute or leaves the overlay; write it relative");
        }
    }

    private static OverlayUnit ReadUnit(ContractTable table, string clause, List<OverlayRow> rows)
    {
        var unit = new OverlayUnit(clause, table.Text("name"), table.Words("writes"), table.Words("devices"), table.Text("reason"));
        if (rows.All(row => row.Path != unit.Path))
        {
            throw table.Invalid($"{unit.Path} has no row: units stand behind the paths");
        }

        return unit.Writes.FirstOrDefault(path => rows.All(row => row.Path != path || row.Class is OverlayClass.Immutable or OverlayClass.Configuration)) is { } path
            ? throw table.Invalid($"{path} is no row that may be written to")
            : unit;
    }

    private static ForbiddenContent ReadForbidden(ContractTable table, string clause)
    {
        var name = ReadPattern(table, "name");
        var content = ReadPattern(table, "content");
        var kinds = table.Words("kinds").Select(word => Kinds.TryGetValue(word, out var kind)
            ? kind
            : throw table.Invalid($"the kind \"{word}\" is unknown; known are {string.Join(", ", Kinds.Keys)}"));
        return name is null && content is null
            ? throw table.Invalid("neither name nor content: nothing would be forbidden")
            : new ForbiddenContent(clause, table.Text("what"), name, content, [.. kinds], table.Text("fix"));
    }

    private static Regex? ReadPattern(ContractTable table, string key)
    {
        if (table.TextOrNull(key) is not { } pattern)
        {
            return null;
        }

        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, PatternTimeMax);
        }
        catch (ArgumentException problem)
        {
            throw table.Invalid($"{key} is no regular expression: {problem.Message}");
        }
    }

    [GeneratedRegex(@"^OV-[0-9]{2}\z")]
    private static partial Regex ClausePattern();

    [GeneratedRegex(@"^[0-7]{4}\z")]
    private static partial Regex ModePattern();

    [GeneratedRegex(@"^(?!\.{1,2}\z)[A-Za-z0-9._@+-]+\z")]
    private static partial Regex PathPartPattern();
}
