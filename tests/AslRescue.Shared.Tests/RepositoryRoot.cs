namespace AslRescue.Shared.Tests;

/// <summary>Finds the files of the checkout that the tests were built in.</summary>
internal static class RepositoryRoot
{
    public static string PathOf(string relative)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AslRescue.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("no AslRescue.sln above the tests"), relative);
    }
}
