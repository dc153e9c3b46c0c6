namespace AslRescue.Intake;

/// <summary>The kernel's name for this boot.</summary>
public static class BootId
{
    private const string Path = "proc/sys/kernel/random/boot_id";

    /// <summary>Below a root if that has one, else the running kernel's.</summary>
    public static string Read(string root)
    {
        var below = System.IO.Path.Combine(root, Path);
        return File.ReadAllText(File.Exists(below) ? below : "/" + Path).Trim();
    }
}
