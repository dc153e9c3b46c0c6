using System.Runtime.CompilerServices;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Files of the repository that are tested as they are shipped.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string ContractPath => Path.Combine(Root, "rules", "intake.toml");

    private static string Find([CallerFilePath] string here = "")
    {
        // Deterministic builds map source paths, so the test's own folder serves too.
        foreach (var start in new[] { Path.GetDirectoryName(here), AppContext.BaseDirectory, Directory.GetCurrentDirectory() })
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "AslRescue.sln")))
                {
                    return folder;
                }
            }
        }

        throw new InvalidOperationException("the repository was not found");
    }
}
