using System.Diagnostics;
using System.Text;
using AslRescue.Intake.Restoring;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Checking;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>Linux makes trees whose paths it does not take in one call.</summary>
public sealed class DeepTreeTests : IDisposable
{
    private const int FoldersMade = 258;
    private static readonly byte[] Name = Encoding.UTF8.GetBytes(new string('n', 255));
    private readonly ScratchFolder _scratch = new();

    public void Dispose()
    {
        // The class library deletes by path, and these are too long.
        foreach (var folder in new[] { "tree", "restored" })
        {
            using var remove = Process.Start("rm", ["--recursive", "--force", _scratch[folder]]);
            remove.WaitForExit();
        }

        _scratch.Dispose();
    }

    [Fact]
    public void A_tree_is_taken_in_as_deep_as_every_reader_goes_and_what_was_not_entered_is_named()
    {
        MakeTree();
        using var store = ArtifactStore.OpenOrCreate(_scratch["store"]);
        var snapshot = Ingests.Run(store, Ingests.Of(_scratch["tree"])).Snapshot;

        Assert.Equal(1, snapshot.ProblemCount);
        Assert.Empty(new StoreVerifier(store, withData: true).Run(1, TestContext.Current.CancellationToken).Errors);
        using (var restorer = new TreeRestorer(store, snapshot))
        {
            restorer.Run(_scratch["restored"], [], 1, TestContext.Current.CancellationToken);
            Assert.Equal(61_695, Assert.Single(restorer.Report.Problems).Path.Length);
        }

        // The 240th has a path of 61,439 bytes; what lies in the 241st could have one of more than 65,536.
        Assert.Equal(FoldersMade, Depth(_scratch["tree"]));
        Assert.Equal(241, Depth(_scratch["restored"]));
    }

    private void MakeTree()
    {
        Directory.CreateDirectory(_scratch["tree"]);
        var folder = Open(_scratch["tree"]);
        for (var depth = 0; depth < FoldersMade; depth++)
        {
            Assert.Equal(0, Posix.MakeDirectoryAt(folder, Name, 0x1c0));
            var next = Posix.OpenAt(folder, Name, OpenFlags.ReadOnly | OpenFlags.Directory);
            _ = Posix.Close(folder);
            folder = next;
        }

        _ = Posix.Close(folder);
    }

    private static int Depth(string path)
    {
        var (folder, depth) = (Open(path), 0);
        while (Posix.OpenAt(folder, Name, OpenFlags.ReadOnly | OpenFlags.Directory) is >= 0 and var next)
        {
            _ = Posix.Close(folder);
            (folder, depth) = (next, depth + 1);
        }

        _ = Posix.Close(folder);
        return depth;
    }

    private static int Open(string path) =>
        Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.Directory);
}
