using System.Runtime.InteropServices;
using AslRescue.Shared.ServiceManager;

namespace AslRescue.Shared.Tests.ServiceManager;

public sealed class KernelWaitsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("asl-waits-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("S", "202 0x7f 0x80", false)] // futex: waits for another thread
    [InlineData("S", "232 0x5 0x7f", false)] // epoll_wait: waits for a client
    [InlineData("R", "running", false)]
    [InlineData("S", "17 0x8 0x7f 0x1000", true)] // pread of a file system in user space
    [InlineData("S", "257 0xffffff9c", true)] // openat
    [InlineData("D", "17 0x8 0x7f 0x1000", true)] // pread of a disk
    [InlineData("D", "-1 0x7ffc 0x55d0", true)] // a page of a mapped file
    [InlineData("S", "running", false)] // it has just woken up
    public void A_thread_that_sleeps_in_a_call_for_a_file_waits_for_a_disk(string state, string call, bool isWaiting)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the numbers are those of x86-64");
        Thread(1, "S", "202 0x7f");
        Thread(2, state, call);
        Assert.Equal(isWaiting, KernelWaits.Any(_root));
    }

    [Fact]
    public void A_threads_name_may_look_like_a_state()
    {
        Thread(1, "S", "202 0x7f", name: "a) D (b");
        Assert.False(KernelWaits.Any(_root));
    }

    [Fact]
    public void Where_the_kernel_does_not_tell_calls_only_an_uninterruptible_sleep_counts()
    {
        Thread(1, "S", null);
        Assert.False(KernelWaits.Any(_root));
        Thread(2, "D", null);
        Assert.True(KernelWaits.Any(_root));
    }

    [Fact]
    public void Not_knowing_is_no_reason_to_kill() => Assert.True(KernelWaits.Any(Path.Combine(_root, "nothing")));

    [Fact]
    public async Task A_real_call_that_blocks_is_seen()
    {
        var pipe = Path.Combine(_root, "pipe");
        Assert.Equal(0, MakePipe(pipe));
        var reader = Task.Factory.StartNew(() => new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite).Dispose(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var isSeen = KernelWaits.Any();
        for (var look = 0; !isSeen && look < 1000; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
            isSeen = KernelWaits.Any();
        }

        Assert.True(isSeen);
        await using (new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await reader;
        }
    }

    private static int MakePipe(string path)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", path);
        made.WaitForExit();
        return made.ExitCode;
    }

    private void Thread(int id, string state, string? call, string name = "asl-intake")
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, $"proc/self/task/{id}")).FullName;
        File.WriteAllText(Path.Combine(folder, "stat"), $"{id} ({name}) {state} 1 1 1 0 -1");
        if (call is not null)
        {
            File.WriteAllText(Path.Combine(folder, "syscall"), call + "\n");
        }
    }
}
