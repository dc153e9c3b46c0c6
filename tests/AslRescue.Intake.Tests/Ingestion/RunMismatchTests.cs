using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class RunMismatchTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("asl-mismatch-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_run_is_not_resumed_with_other_sources_than_it_began_with()
    {
        var (first, second) = (Source("first"), Source("second"));
        await IngestAsync(first);
        await IngestAsync(first);
        var error = (await Assert.ThrowsAsync<AslException>(() => IngestAsync(first, second))).Error;
        Assert.Equal((ErrorCode.RunMismatch, true, 6), (error.Code, error.IsPermanent, ExitCodes.For(error.Code)));
        Assert.Equal($"it began with {first}; approved is {first}, {second}", error.Why);
    }

    private async Task IngestAsync(params string[] sources)
    {
        var store = Directory.CreateDirectory(Path.Combine(_root, "store")).FullName;
        using var ingest = new StoreIngest(new IngestOptions { Sources = [], Domain = "domain", Program = "test" }, TimeProvider.System);
        var backend = new AttachedBackend { Kind = "local-directory", Location = store };
        var prepared = await ingest.PrepareAsync(backend, "run-1", sources, TestContext.Current.CancellationToken);
        var journal = new JournalWriter("run-1", "boot-1", prepared.Journal, TimeProvider.System);
        if (new JournalReader("run-1").Read("journal", prepared.Lines) is [.., var last])
        {
            journal.ContinueAfter(last);
        }

        await ingest.IngestAsync(journal, new Progress<ProgressView>(), TestContext.Current.CancellationToken);
    }

    private string Source(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "file"), name);
        return folder;
    }
}
