namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Folders in memory where there is room for them: these tests flush thousands of times.</summary>
internal static class Scratch
{
    private const string Memory = "/dev/shm";

    public static string NewFolder(string prefix) => Directory.Exists(Memory)
        ? Directory.CreateDirectory(Path.Combine(Memory, prefix + Guid.NewGuid().ToString("n"))).FullName
        : Directory.CreateTempSubdirectory(prefix).FullName;
}
