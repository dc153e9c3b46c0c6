namespace AslRescue.Preflight.Tests;

/// <summary>
/// Text that is read in review: golden/NAME.txt. `ASL_UPDATE_GOLDEN=1 dotnet test --project tests/AslRescue.Preflight.Tests`
/// writes the files again.
/// </summary>
internal static class Golden
{
    public static void Compare(string path, string text)
    {
        if (Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    public static void CompareNamed(string name, string text) =>
        Compare(Path.Combine(Repository.Tests, "golden", name + ".txt"), text);
}
