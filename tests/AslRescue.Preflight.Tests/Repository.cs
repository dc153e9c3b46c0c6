namespace AslRescue.Preflight.Tests;

/// <summary>Where the checkout is, seen from the built tests.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string ShippedTable { get; } = Path.Combine(Root, "rules/preflight.toml");

    public static string Tests { get; } = Path.Combine(Root, "tests/AslRescue.Preflight.Tests");

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "AslRescue.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
