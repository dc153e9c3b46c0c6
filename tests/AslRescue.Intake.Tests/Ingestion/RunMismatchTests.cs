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
        Assert.Equal((ErrorCode.RunMismatch, false, 6), (error.Code, error.IsPermanent, ExitCodes.For(error.Code)));
        Assert.Equal($"it began with {first}; approved is {first}, {second}", error.Why);
    }

    [Fact]
    public async Task A_source_that_is_gone_may_come_back_to_its_run_and_one_that_never_was_there_does_not()
    {
        var source = Source("tree");
        await IngestAsync(source);
        Directory.Move(source, source + ".away");
        Assert.Equal((ErrorCode.SourceMissing, false), await RefusedAsync(source));
        Assert.Equal((ErrorCode.SourceMissing, false), await RefusedAsync(source, run: "run-2", wanted: "run-1"));
        Assert.Equal((ErrorCode.SourceMissing, true), await RefusedAsync(source, run: "run-3"));

        Directory.Move(source + ".away", source);
        await IngestAsync(source);
    }

    [Fact]
    public async Task Another_tree_under_the_same_path_is_not_sealed_as_what_the_run_began_with()
    {
        var source = Source("tree");
        await IngestAsync(source);
        Directory.Move(source, source + ".away");
        Directory.CreateDirectory(source);
        Assert.Equal((ErrorCode.RunMismatch, false), await RefusedAsync(source));

        Directory.Delete(source);
        Directory.Move(source + ".away", source);
        await IngestAsync(source);
    }

    [Fact]
    public async Task A_run_of_another_disk_under_the_same_path_is_left_to_whoever_has_that()
    {
        var source = Source("tree");
        await IngestAsync(source);
        Assert.Equal("run-1", await PreparedAsync(source));
        Directory.Move(source, source + ".away");
        Source("tree");
        Assert.Equal("run-2", await PreparedAsync(source));
    }

    [Fact]
    public async Task A_run_over_another_image_file_under_the_same_path_is_left_alone()
    {
        var image = Path.Combine(Source("folder"), "file");
        await IngestAsync("run-1", isImage: true, image);
        Assert.Equal("run-1", await PreparedAsync(image, isImage: true));
        await File.WriteAllTextAsync(image, "elsewhere", TestContext.Current.CancellationToken);
        Assert.Equal("run-2", await PreparedAsync(image, isImage: true));
    }

    private Task IngestAsync(params string[] sources) => IngestAsync("run-1", isImage: false, sources);

    private async Task IngestAsync(string run, bool isImage, params string[] sources)
    {
        using var ingest = New(isImage);
        var prepared = await ingest.PrepareAsync(Backend(), run, sources, TestContext.Current.CancellationToken);
        var journal = new JournalWriter(run, "boot-1", prepared.Journal, TimeProvider.System);
        if (new JournalReader(run).Read("journal", prepared.Lines) is [.., var last])
        {
            journal.ContinueAfter(last);
        }

        await ingest.IngestAsync(journal, new Progress<ProgressView>(), TestContext.Current.CancellationToken);
    }

    private async Task<(ErrorCode Code, bool IsPermanent)> RefusedAsync(string source, string run = "run-1", string? wanted = null)
    {
        if (wanted is null && run == "run-1")
        {
            var failure = (await Assert.ThrowsAsync<AslException>(() => IngestAsync(source))).Error;
            return (failure.Code, failure.IsPermanent);
        }

        using var ingest = New(isImage: false, wanted);
        var error = (await Assert.ThrowsAsync<AslException>(() => ingest.PrepareAsync(Backend(), run, [source], TestContext.Current.CancellationToken))).Error;
        return (error.Code, error.IsPermanent);
    }

    /// <summary>Which run another process would work on.</summary>
    private async Task<string> PreparedAsync(string source, bool isImage = false)
    {
        using var ingest = New(isImage);
        return (await ingest.PrepareAsync(Backend(), "run-2", [source], TestContext.Current.CancellationToken)).Run;
    }

    private static StoreIngest New(bool isImage, string? wanted = null) =>
        new(new IngestOptions { Sources = [], Domain = "domain", Program = "test", Image = new() { FilesAreImages = isImage } }, TimeProvider.System, wanted);

    private AttachedBackend Backend() =>
        new() { Kind = "local-directory", Location = Directory.CreateDirectory(Path.Combine(_root, "store")).FullName };

    private string Source(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "file"), name);
        return folder;
    }
}
