namespace AslRescue.Tools.Output;

/// <summary>What the terminal can show.</summary>
internal static class TerminalText
{
    /// <summary>
    /// True when letters beyond ASCII arrive: in a file or a pipe they always do, on a terminal when its locale says UTF-8.
    /// </summary>
    internal static bool IsUnicode => Console.IsOutputRedirected || IsUtf8(
        ((string[])["LC_ALL", "LC_CTYPE", "LANG"]).Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => value is { Length: > 0 }));

    private static bool IsUtf8(string? locale) => locale?.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase) == true;
}
