namespace AslRescue.Tools.Tests.Running;

/// <summary>
/// Texts that people read, kept in golden/. With ASL_UPDATE_GOLDEN=1 the files are written anew instead of compared; the
/// difference is read in review.
/// </summary>
internal static class Golden
{
    private const string Folder = "tests/AslRescue.Tools.Tests/golden";

    internal static bool IsUpdating => Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") == "1";

    internal static void Equal(string name, string actual)
    {
        var path = Checkout.PathOf($"{Folder}/{name}.txt");
        if (IsUpdating)
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing. {HowToUpdate}");
        var expected = File.ReadAllText(path);
        Assert.True(expected == actual, $"{name} is not what golden/{name}.txt says. {HowToUpdate}\n--- golden\n{expected}\n--- actual\n{actual}");
    }

    internal const string HowToUpdate = "To update: ASL_UPDATE_GOLDEN=1 dotnet test --project tests/AslRescue.Tools.Tests";
}
