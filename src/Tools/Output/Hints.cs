using System.CommandLine;
using System.Text.RegularExpressions;
using AslRescue.Intake.Control;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools.Output;

/// <summary>
/// Commands that are proposed to an operator, as that operator has to type them: with the --root and --store that the command at hand
/// was given. Below another root there is no service manager, so what would start the service becomes <c>asl-intake serve</c>.
/// </summary>
internal sealed partial class Hints
{
    private readonly string? _root;
    private readonly string? _store;
    private readonly Lazy<Dictionary<string, Dictionary<string, Command>>> _verbs = new(Verbs);

    private Hints(string? root, string? store) => (_root, _store) = (root, store);

    /// <summary>For the command line at hand.</summary>
    internal static Hints Of(ParseResult parsed) => new(
        parsed.GetResult(CommonOptions.Root) is { Implicit: false } ? parsed.GetValue(CommonOptions.Root) : null,
        parsed.GetResult(CommonOptions.Store) is { Implicit: false } ? parsed.GetValue(CommonOptions.Store) : null);

    /// <summary>An error with a fix that fits.</summary>
    internal AslError In(AslError error) => error with { Fix = In(error.Fix) };

    /// <summary>A status with commands that fit.</summary>
    internal IntakeStatus In(IntakeStatus status) => status with
    {
        Type = [.. status.Type.Select(In)],
        Error = status.Error is { } error ? error with { Fix = In(error.Fix) } : null,
    };

    /// <summary>A text that names commands.</summary>
    internal string In(string text)
    {
        if (text.EndsWith("--help", StringComparison.Ordinal) || (_root, _store) == (null, null))
        {
            return text;
        }

        var own = _root is null ? text : Service().Replace(text, match => match.Groups[1].Value == "intake" ? "asl-intake serve" : "asl-admin preflight");
        return Called().Replace(own, match => match.Value + Options(match.Groups[1].Value, match.Groups[2].Value, own[(match.Index + match.Length)..]));
    }

    private string Options(string program, string verb, string rest)
    {
        if (!_verbs.Value[program].TryGetValue(verb, out var command))
        {
            return ""; // A sentence that goes on behind the program's name.
        }

        var isStoreWanted = _store is not null && command.Options.Contains(CommonOptions.Store) && !rest.StartsWith(" --store", StringComparison.Ordinal);
        return (_root is null ? "" : $" --root {ShellWords.Quote(_root)}") + (isStoreWanted ? $" --store {ShellWords.Quote(_store!)}" : "");
    }

    private static Dictionary<string, Dictionary<string, Command>> Verbs() => new()
    {
        ["asl-intake"] = ByName(IntakeProgram.Build()),
        ["asl-admin"] = ByName(AdminProgram.Build()),
        ["asl-debug"] = ByName(DebugProgram.Build()),
    };

    private static Dictionary<string, Command> ByName(RootCommand program) => program.Subcommands.ToDictionary(verb => verb.Name, StringComparer.Ordinal);

    [GeneratedRegex(@"systemctl (?:re)?start asl-(intake|preflight)(?:\.service)?")]
    private static partial Regex Service();

    [GeneratedRegex(@"\b(asl-(?:intake|admin|debug)) ([a-z][a-z-]*)")]
    private static partial Regex Called();
}
