using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Store.Snapshots;
using AslRescue.Testing;

namespace AslRescue.Store.Tests;

/// <summary>
/// Stores that earlier versions of the program wrote, one folder for each format. They stay readable for ever, so a folder that is
/// there is never written again; a new one is made with
/// <code>ASL_UPDATE_GOLDEN=1 dotnet test --project tests/AslRescue.Store.Tests</code>
/// </summary>
public sealed class FixtureStoreTests
{
    private const string Name = "store-1";
    private const int Runs = 3;
    private static readonly string Fixture = Path.Combine(AppContext.BaseDirectory, "fixtures", Name);

    [Fact]
    public void The_fixture_store_has_no_errors()
    {
        UpdateIfAsked();
        using var store = ArtifactStore.Open(Fixture);
        var report = new StoreVerifier(store, withData: true).Run(1, TestContext.Current.CancellationToken);
        Assert.Empty(report.Errors);
        Assert.Empty(report.Notes);
        Assert.Equal((Runs, 6), (report.Snapshots, report.Blocks));
    }

    [Fact]
    public void Every_file_of_the_fixture_store_reads_back()
    {
        UpdateIfAsked();
        using var store = ArtifactStore.Open(Fixture);
        var seals = store.Seals().ToList();
        Assert.Equal(Runs, seals.Count);
        foreach (var (domain, seal) in seals)
        {
            Assert.Equal((SmallStore.Domain, SmallStore.RunName((int)seal.Number)), (domain, seal.Run));
            Assert.Equal(SmallStore.Files((int)seal.Number), SmallStore.Read(store, SnapshotCodec.Load(store.Backend, seal.Snapshot)));
        }
    }

    [Fact]
    public void The_roots_of_the_fixture_store_are_those_that_this_program_makes()
    {
        UpdateIfAsked();
        using var store = ArtifactStore.Open(Fixture);
        using var backend = SmallStore.Create(Runs);
        using var made = ArtifactStore.Open(backend);
        Assert.Equal(Roots(made), Roots(store));
        Assert.Equal(made.Format, store.Format);
        Frozen.Is("488271d8 ecac1334 74897dc5", string.Join(' ', Roots(store).Select(root => root.Short)));

        static List<Digest> Roots(ArtifactStore store) =>
            [.. store.Seals().Select(item => SnapshotCodec.Load(store.Backend, item.Seal.Snapshot).Root)];
    }

    [Fact]
    public void The_segments_of_the_fixture_store_are_made_again_from_its_blocks()
    {
        UpdateIfAsked();
        using var store = ArtifactStore.Open(Fixture);
        var rebuild = new GroupRebuild(store.Backend, store.Format);
        foreach (var (_, seal) in store.Seals())
        {
            var snapshot = SnapshotCodec.Load(store.Backend, seal.Snapshot);
            rebuild.Add(snapshot);
            Assert.All(snapshot.Groups, group => Assert.Equal(group.Segments, rebuild.Render(group, (summary, file) =>
                Assert.Equal(store.Backend.ReadAll(ObjectName.Segment(summary.Name)), file.ToArray()))));
        }
    }

    /// <summary>The tests read a copy beside the program; the fixture itself lies in the checkout.</summary>
    private static void UpdateIfAsked()
    {
        if (Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") != "1" || Directory.Exists(Fixture))
        {
            return;
        }

        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "AslRescue.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("no AslRescue.sln above the tests");
        }

        foreach (var folder in new[] { Path.Combine(root.FullName, "tests/AslRescue.Store.Tests/fixtures", Name), Fixture })
        {
            DirectoryBackend.MakeFolders(folder);
            using var backend = new DirectoryBackend(folder);
            SmallStore.Create(backend, Runs);
        }
    }
}
