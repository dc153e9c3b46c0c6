using AslRescue.Intake.Ingestion;
using AslRescue.Store;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>The usual way to ingest in a test.</summary>
internal static class Takes
{
    /// <summary>A small tree as a sealed snapshot.</summary>
    internal static SealedSnapshot In(ServerBench bench, string client, string domain, int seed = 5)
    {
        using var store = ArtifactStore.Open(bench.Open(client));
        return In(store, domain, seed);
    }

    /// <summary>The same in a store.</summary>
    internal static SealedSnapshot In(ArtifactStore store, string domain, int seed)
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(folder.Path, "tree");
        SampleTree.Make(source, seed, files: 6, bytesMax: 60_000);
        using var run = IngestRun.Begin(store, new IngestOptions { Sources = [source], Domain = domain, Workers = 2, Program = "test" }, TimeProvider.System);
        run.Ingest(CancellationToken.None);
        return run.Seal(new Dictionary<string, byte[]>());
    }
}
