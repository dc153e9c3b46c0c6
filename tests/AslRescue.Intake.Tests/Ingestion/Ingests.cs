using AslRescue.Intake.Ingestion;
using AslRescue.Store;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>The usual ways to ingest in a test.</summary>
internal static class Ingests
{
    internal static IngestOptions Of(string source, int workers = 2) =>
        new() { Sources = [source], Domain = "test", Workers = workers, Program = "test" };

    internal static SealedSnapshot Run(ArtifactStore store, IngestOptions options)
    {
        using var run = IngestRun.Begin(store, options, TimeProvider.System);
        run.Ingest(CancellationToken.None);
        return run.Seal(new Dictionary<string, byte[]>());
    }

    /// <summary>Block, segment and root names: what must not depend on chance.</summary>
    internal static string[] Names(SealedSnapshot result) =>
    [
        result.Snapshot.Root.ToString(),
        .. result.Snapshot.Blocks.Select(block => $"block {block.Name}"),
        .. result.Snapshot.Groups.SelectMany(group => group.Segments).Select(segment => $"segment {segment.Name}"),
    ];
}
