using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Checking;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Backends;

/// <summary>Whichever call to the backend fails, a further try ends with the store that an undisturbed one makes.</summary>
public sealed class FaultTests
{
    private const int Runs = 3;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_any_failure_a_further_try_makes_the_same_store(bool isReplyLost)
    {
        using var undisturbed = SmallStore.Create(Runs);
        var faults = 0;
        for (var failAt = 1; ; failAt++)
        {
            using var storage = new MemoryBackend();
            using var backend = new FaultyBackend(storage, failAt, isReplyLost);
            var failure = Record.Exception(() => SmallStore.Create(backend, Runs));
            if (!backend.HasFailed)
            {
                Assert.Null(failure);
                break;
            }

            // What a reader meets meanwhile is a smaller store, not a damaged one.
            Assert.True(failure is AslException { Error.Code: ErrorCode.StoreIo } or null, $"call {failAt}: {failure}");
            Assert.All(storage.Paths, path => Assert.Equal(undisturbed[path], storage[path]));
            CheckWhole(storage, failAt);

            SmallStore.Create(storage, Runs);
            Assert.Equal(undisturbed.Paths, storage.Paths);
            CheckWhole(storage, failAt);
            faults += failure is null ? 0 : 1;
        }

        Assert.True(faults > 100, $"{faults} faults");
    }

    [Fact]
    public void A_failed_verification_says_so_and_is_never_silent()
    {
        using var storage = SmallStore.Create(2);
        for (var failAt = 1; ; failAt++)
        {
            using var backend = new FaultyBackend(storage, failAt);
            IReadOnlyList<AslError> errors;
            try
            {
                errors = new StoreVerifier(ArtifactStore.Open(backend), withData: true).Run(1, TestContext.Current.CancellationToken).Errors;
            }
            catch (AslException exception)
            {
                errors = [exception.Error];
            }

            if (!backend.HasFailed)
            {
                Assert.Empty(errors);
                break;
            }

            Assert.True(errors.Any(error => error.Code == ErrorCode.StoreIo), $"call {failAt}: {string.Join('\n', errors)}");
        }
    }

    [Fact]
    public void A_directory_ends_with_the_objects_that_memory_does()
    {
        using var folder = new TemporaryFolder();
        using var expected = SmallStore.Create(Runs);
        using (var backend = new DirectoryBackend(folder.Path))
        {
            foreach (var failAt in new[] { 3, 17, 40, 90 })
            {
                using var faulty = new FaultyBackend(backend, failAt, isReplyLost: failAt % 2 == 0);
                Record.Exception(() => SmallStore.Create(faulty, Runs));
            }

            SmallStore.Create(backend, Runs);
        }

        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected.Paths, files.Select(file => Path.GetRelativePath(folder.Path, file)));
        Assert.All(files, file => Assert.Equal(expected[Path.GetRelativePath(folder.Path, file)], File.ReadAllBytes(file)));
    }

    private static void CheckWhole(MemoryBackend storage, int failAt)
    {
        if (storage.Paths.Count > 0)
        {
            using var store = ArtifactStore.Open(storage);
            var report = new StoreVerifier(store, withData: true).Run(1, TestContext.Current.CancellationToken);
            Assert.True(report.Errors.Count == 0, $"call {failAt}: {string.Join('\n', report.Errors)}");
        }
    }
}
