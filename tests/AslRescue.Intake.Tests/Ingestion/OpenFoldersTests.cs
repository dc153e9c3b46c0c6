using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>A process that tries again for days must not run out of descriptors.</summary>
public sealed class OpenFoldersTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void An_ingest_that_fails_or_is_cut_short_leaves_nothing_of_the_source_open()
    {
        MakeTree();
        using var disk = new CrashingFileSystem(Directory.CreateDirectory(_scratch["spare"]).FullName);
        Directory.CreateDirectory(_scratch["store"]);
        ArtifactStore.OpenOrCreate(_scratch["store"]).Dispose();
        var failed = 0;
        for (var round = 0; round < 10; round++)
        {
            disk.Arm(DiskFault.InputOutputError, 0);
            using var failing = ArtifactStore.Open(new DirectoryBackend(_scratch["store"], disk));
            using var stop = new CancellationTokenSource();
            using var run = IngestRun.Begin(failing, Ingests.Of(_scratch["tree"]), TimeProvider.System);
            disk.Arm(DiskFault.InputOutputError, round % 2 == 0 ? 1 + (round / 2) : 0);
            if (round % 2 == 1)
            {
                stop.CancelAfter(TimeSpan.FromMilliseconds(2 * round));
            }

            try
            {
                run.Ingest(stop.Token);
            }
            catch (Exception failure) when (failure is AslException or OperationCanceledException)
            {
                failed++;
            }

            Assert.Equal([], OpenBelow(_scratch["tree"]));
        }

        Assert.InRange(failed, 4, 10);
    }

    private void MakeTree()
    {
        for (var folder = 0; folder < 20; folder++)
        {
            SampleTree.Make(_scratch[$"tree/{folder:D3}/deeper"], folder, files: 6, bytesMax: 200_000);
            File.WriteAllBytes(_scratch[$"tree/{folder:D3}/large"], SeededBytes.Of((ulong)folder, 1_200_000));
            _ = Posix.LinkAt(
                Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch[$"tree/{folder:D3}/large"]),
                Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(_scratch[$"tree/{folder:D3}/large again"]));
        }
    }

    private static string[] OpenBelow(string folder) =>
        [.. Directory.GetFiles("/proc/self/fd").Select(Target).OfType<string>().Where(path => path.StartsWith(folder, StringComparison.Ordinal))];

    private static string? Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            return null; // Another test's, closed by now.
        }
    }
}
