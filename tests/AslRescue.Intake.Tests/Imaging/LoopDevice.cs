using System.Diagnostics;

namespace AslRescue.Intake.Tests.Imaging;

/// <summary>A file as a block device that only reads. Each time that it is attached it is plugged in anew for the kernel.</summary>
internal sealed class LoopDevice : IDisposable
{
    private LoopDevice(string path) => Path = path;

    internal string Path { get; }

    internal static LoopDevice Attach(string file)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control"), "loop devices need privileges");
        return new(Losetup("--find", "--show", "--read-only", file).Trim());
    }

    public void Dispose() => Losetup("--detach", Path);

    private static string Losetup(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("losetup", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"losetup {string.Join(' ', arguments)}: {error}");
        return text;
    }
}
