using System.Diagnostics;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Testing;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Store.Tests.Backends;

/// <summary>The contract, and what only a directory can do wrong.</summary>
public sealed class DirectoryBackendTests : BackendContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IBackend Open() => new DirectoryBackend(_folder.Path);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _folder.Dispose();
    }

    [Fact]
    public void A_file_that_was_being_written_is_no_object()
    {
        var left = Path.Combine(_folder.Path, ObjectName.SealsFolder("d"), "0000000001.77-1.unsealed");
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        File.WriteAllText(left, "half of");
        Assert.Empty(Backend.ListNumbers(ObjectName.SealsFolder("d")));
        Assert.Null(Backend.Open(ObjectName.Seal("d", 1)));
        Assert.True(Backend.TryCreate(ObjectName.Seal("d", 1), "all of it"u8));
        Assert.Equal([1], Backend.ListNumbers(ObjectName.SealsFolder("d")));
        Assert.Equal("all of it"u8.ToArray(), Backend.ReadAll(ObjectName.Seal("d", 1)));
    }

    [Fact]
    public void A_temporary_name_that_another_machine_has_taken_is_left_to_it()
    {
        var other = new OtherMachine();
        using var backend = new DirectoryBackend(_folder.Path, other);
        Assert.True(backend.TryCreate(Name("a"), "ours"u8));
        Assert.Equal("ours"u8.ToArray(), backend.ReadAll(Name("a")));
        Assert.Equal("half of theirs", File.ReadAllText(other.Path!));
    }

    [Fact]
    public void Nothing_but_the_object_is_left_behind()
    {
        Backend.TryCreate(Name("a"), "1"u8);
        Backend.TryCreate(Name("a"), "2"u8);
        InParallel(4, _ => Backend.TryCreate(Name("b"), new byte[100_000]));
        Assert.Equal(["a", "b"], Backend.List(ObjectName.RunFolder("domain", "run")).Select(item => item.Name).Order());
    }

    [Fact]
    public void A_name_that_cannot_be_written_stays_free_and_leaves_nothing()
    {
        // The name itself has room in a folder; with the suffix of a file that is being written it has not.
        var name = Name(new string('a', 255));
        var error = Assert.Throws<AslException>(() => Backend.TryCreate(name, "x"u8)).Error;
        Assert.Equal(ErrorCode.StoreIo, error.Code);
        Assert.Null(Backend.Open(name));
        Assert.Empty(Backend.List(ObjectName.RunFolder("domain", "run")));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_of_the_store()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "logs"), "in the way");
        Assert.Equal(ErrorCode.StoreIo, Assert.Throws<AslException>(() => Backend.TryCreate(Name("a"), "x"u8)).Error.Code);
        Assert.Null(Backend.Open(Name("a")));
        Assert.Empty(Backend.List(ObjectName.RunFolder("domain", "run")));
    }

    [Fact]
    public void A_full_file_system_leaves_no_part_of_an_object()
    {
        var mount = Path.Combine(_folder.Path, "full");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(Succeeds("mount", "--types", "tmpfs", "--options", "size=256k", "tmpfs", mount), "mounting a small tmpfs needs privileges");
        try
        {
            using var backend = new DirectoryBackend(mount);
            Assert.True(backend.TryCreate(Name("fits"), new byte[100_000]));
            var error = Assert.Throws<AslException>(() => backend.TryCreate(Name("fits not"), new byte[200_000])).Error;
            Assert.Equal(ErrorCode.StoreIo, error.Code);
            Assert.False(error.IsPermanent);
            Assert.Null(backend.Open(Name("fits not")));
            Assert.Equal(["fits"], backend.List(ObjectName.RunFolder("domain", "run")).Select(item => item.Name));
            Assert.True(backend.TryCreate(Name("fits too"), new byte[50_000]));
        }
        finally
        {
            // A process that another test starts may hold a descriptor for a moment; one that the backend forgot stays.
            var isReleased = SpinWait.SpinUntil(() => Succeeds("umount", mount), TimeSpan.FromSeconds(20));
            if (!isReleased)
            {
                Succeeds("umount", "--lazy", mount);
            }

            Assert.True(isReleased);
        }
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true });
        process!.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Takes the first name that is wanted a moment before.</summary>
    private sealed class OtherMachine : FileCalls
    {
        internal string? Path { get; private set; }

        public override int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode)
        {
            if (Path is null)
            {
                Path = Encoding.UTF8.GetString(path);
                File.WriteAllText(Path, "half of theirs");
            }

            return base.Create(path, flags, mode);
        }
    }
}
