using System.Text;
using AslRescue.LibAsl.Reading;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests.Reading;

/// <summary>Lists and directories over a store that fails for a while: nothing is left out, nothing told twice, and no failure looks like the end.</summary>
public sealed class CursorTests : IDisposable
{
    private readonly Stores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public void A_directory_goes_on_where_it_was_when_the_store_comes_back()
    {
        Directory.CreateDirectory(_stores.Source);
        var expected = Enumerable.Range(0, 3000).Select(index => $"{index:D5} with a name that is long enough for listings of several parts").ToList();
        expected.ForEach(name => File.WriteAllText(Path.Combine(_stores.Source, name), ""));
        _stores.Ingest();
        var failed = 0;
        Over(failAt =>
        {
            using var faulty = new FaultyBackend(new DirectoryBackend(_stores.Store), failAt);
            var store = new OpenedStore(ArtifactStore.Open(faulty), null);
            var (name, snapshot) = store.Store.Find("latest");
            var opened = new OpenedSnapshot(store, name, snapshot);
            var root = new Node(opened, opened.Find(0, []), []);
            var cursor = new DirectoryCursor(root);
            List<string> told = [];
            while (true)
            {
                try
                {
                    if (cursor.Next() is not { } entry)
                    {
                        break;
                    }

                    told.Add(Encoding.UTF8.GetString(entry.Name));
                }
                catch (AslException)
                {
                    failed++;
                }
            }

            Assert.Equal(expected, told);
            cursor.Release();
            root.Release();
            opened.Release();
            store.Release();
            return faulty.Calls;
        });
        Assert.True(failed > 1, "no fault hit the listing");
    }

    [Fact]
    public void A_list_of_snapshots_tells_each_once_when_the_store_comes_back()
    {
        SampleTree.Make(_stores.Source, 1, files: 2, bytesMax: 10);
        var expected = Enumerable.Range(0, 4).Select(index =>
        {
            File.WriteAllText(Path.Combine(_stores.Source, "counter"), $"{index}");
            return _stores.Ingest().Name;
        }).ToList();
        var failed = 0;
        Over(failAt =>
        {
            using var faulty = new FaultyBackend(new DirectoryBackend(_stores.Store), failAt);
            var store = new OpenedStore(ArtifactStore.Open(faulty), null);
            var list = new SnapshotList(store);
            List<Shared.Digest> told = [];
            while (true)
            {
                try
                {
                    if (list.Next() is not { } next)
                    {
                        break;
                    }

                    told.Add(next.Name);
                }
                catch (AslException)
                {
                    failed++;
                }
            }

            Assert.Equal(expected, told);
            list.Release();
            store.Release();
            return faulty.Calls;
        });
        Assert.True(failed > 4);
    }

    /// <summary>Lets each call fail once, until a run has fewer; faults before there is anything to list are passed over.</summary>
    private static void Over(Func<int, int> run)
    {
        for (var failAt = 1; ; failAt++)
        {
            try
            {
                if (run(failAt) < failAt)
                {
                    return;
                }
            }
            catch (AslException exception) when (exception.Error.Code == ErrorCode.StoreIo)
            {
            }
        }
    }
}
