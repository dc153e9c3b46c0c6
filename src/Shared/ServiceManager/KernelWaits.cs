using System.Runtime.InteropServices;

namespace AslRescue.Shared.ServiceManager;

/// <summary>
/// Whether a thread of this process is inside the kernel for the sake of a file or a disk, from /proc/self/task. A failing disk may keep a
/// read there for minutes. Such a wait is no fault of the program, and killing it would only make another one wait for the same sector.
/// </summary>
/// <remarks>
/// A thread counts when it sleeps uninterruptibly (most disks), or sleeps inside a call that is not one of those in which a healthy program
/// idles (a file system in user space sleeps interruptibly). What cannot be read counts too: not knowing is no reason to kill.
/// </remarks>
public static class KernelWaits
{
    // Where threads sleep that wait for each other, for a time, a signal, a child or a peer, by the numbers of the architecture:
    // read (of a pipe: files are read by pread), poll, select, sleeps, recv, connect, accept, wait, futex, epoll, signals.
    private static readonly HashSet<string> IdleCalls = RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? ["22", "63", "72", "73", "95", "98", "101", "115", "128", "133", "137", "202", "203", "207", "212", "242", "243", "260", "441", "449"]
        : ["0", "7", "23", "34", "35", "42", "43", "45", "47", "61", "128", "130", "202", "219", "230", "232", "247", "270", "271", "281", "288", "299", "441", "449"];

    /// <summary>True when a thread waits for a file or a disk now.</summary>
    /// <param name="root">Of /proc; tests have their own.</param>
    public static bool Any(string root = "/")
    {
        try
        {
            return Directory.EnumerateDirectories(Path.Combine(root, "proc/self/task")).Any(IsWaiting);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool IsWaiting(string thread)
    {
        try
        {
            // "17 (a name) S 1 …": the name may hold anything, also parentheses.
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            var state = stat[(stat.LastIndexOf(')') + 1)..].TrimStart() is [var letter, ..] ? letter : 'D';
            return state switch
            {
                'D' => true,
                'S' => !IdleCalls.Contains(File.ReadAllText(Path.Combine(thread, "syscall")).Split(' ', '\n')[0]) && IsStillAsleep(thread),
                _ => false,
            };
        }
        catch (Exception unknown) when (unknown is FileNotFoundException or DirectoryNotFoundException)
        {
            return false; // The thread has ended, or this kernel does not tell calls: then D is all there is.
        }
    }

    /// <summary>A thread that has woken up between the two looks says "running".</summary>
    private static bool IsStillAsleep(string thread) =>
        !File.ReadAllText(Path.Combine(thread, "syscall")).StartsWith("running", StringComparison.Ordinal);
}
