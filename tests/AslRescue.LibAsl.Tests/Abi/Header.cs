using System.Text.RegularExpressions;

namespace AslRescue.LibAsl.Tests.Abi;

/// <summary>A function of asl.h: what it returns, what it is called, its parameters' types and names.</summary>
internal sealed record HeaderFunction(string Returns, string Name, IReadOnlyList<(string Type, string Name)> Parameters);

/// <summary>src/LibAsl/include/asl.h, read as text: what is declared, without the comments.</summary>
internal sealed partial class Header
{
    internal Header()
    {
        Text = Comment().Replace(File.ReadAllText(Path), " ");
        Handles = [.. HandleType().Matches(Text).Select(match => match.Groups[1].Value)];
        Functions = [.. Function().Matches(Text).Select(ToFunction)];
        Structs = [.. Struct().Matches(Text).Select(match => match.Groups[1].Value)];
        Constants = Constant().Matches(Text).ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value));
    }

    internal static string Folder { get; } = System.IO.Path.Combine(FindRoot(), "src/LibAsl/include");

    internal static string Path => System.IO.Path.Combine(Folder, "asl.h");

    internal string Text { get; }

    internal IReadOnlyList<string> Handles { get; }

    internal IReadOnlyList<HeaderFunction> Functions { get; }

    internal IReadOnlyList<string> Structs { get; }

    /// <summary>Members of enums.</summary>
    internal IReadOnlyDictionary<string, int> Constants { get; }

    private static HeaderFunction ToFunction(Match match) => new(match.Groups[1].Value, match.Groups[2].Value,
    [
        .. match.Groups[3].Value.Split(',').Select(parameter => parameter.Trim()).Where(parameter => parameter != "void")
            .Select(parameter => Parameter().Match(parameter)).Select(part => (Squeeze().Replace(part.Groups[1].Value, "").Trim(), part.Groups[2].Value)),
    ]);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "AslRescue.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("no AslRescue.sln above the tests");
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"typedef uint64_t (asl_\w+);")]
    private static partial Regex HandleType();

    [GeneratedRegex(@"^(\w+) (asl_\w+)\(([^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"typedef struct (\w+) \{")]
    private static partial Regex Struct();

    [GeneratedRegex(@"\b(ASL_\w+) = (\d+)")]
    private static partial Regex Constant();

    [GeneratedRegex(@"^(.*?)(\w+)$")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\bconst\b| (?=\*)")]
    private static partial Regex Squeeze();
}
