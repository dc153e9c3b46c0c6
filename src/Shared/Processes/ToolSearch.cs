namespace AslRescue.Shared.Processes;

/// <summary>
/// Finds a program in PATH and in the folders of administration, which are not in everybody's PATH: a unit, or a shell entered by
/// su, often lacks /usr/sbin, and "not in PATH" must not be taken for "not installed".
/// </summary>
internal static class ToolSearch
{
    private static readonly string[] AlwaysSearched = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static ToolPlace Find(string program)
    {
        string? cause = null;
        foreach (var path in Candidates(program))
        {
            try
            {
                if ((File.GetUnixFileMode(path) & AnyExecute) != 0 && !Directory.Exists(path))
                {
                    return new ToolPlace(path);
                }
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Not here: the next folder may have it.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                cause = e.Message;
            }
        }

        return new ToolPlace(null, cause);
    }

    private static IEnumerable<string> Candidates(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return [program];
        }

        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(AlwaysSearched).Distinct()
            .Select(folder => Path.Combine(folder, program));
    }
}
