namespace AslRescue.Backend.Tests;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Checkout
{
    private static readonly string Root = FindRoot();

    internal static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AslRescue.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no AslRescue.sln above the tests");
        }

        return folder.FullName;
    }
}
