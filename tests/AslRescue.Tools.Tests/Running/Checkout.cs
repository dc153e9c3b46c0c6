namespace AslRescue.Tools.Tests.Running;

/// <summary>The checkout that the tests were built in, and the program that was built with them.</summary>
internal static class Checkout
{
    private static readonly string Root = FindRoot();

    /// <summary>The program, as it was built together with these tests: artifacts/bin/AslRescue.Tools/debug/asl-intake.</summary>
    internal static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../AslRescue.Tools", new DirectoryInfo(AppContext.BaseDirectory).Name, "asl-intake"));

    /// <summary>The server, alike.</summary>
    internal static string Server { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../AslRescue.Backend", new DirectoryInfo(AppContext.BaseDirectory).Name, "asl-backend"));

    internal static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AslRescue.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("no AslRescue.sln above the tests");
    }
}
