using AslRescue.Backend.Storage;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Testing;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>The contract over a real engine, and what the server asks of it.</summary>
public sealed class S3BackendTests : BackendContract
{
    private readonly S3Options _options = RealEngine.NewStore();

    protected override IBackend Open() => new S3Backend(_options);

    private S3Backend S3 => (S3Backend)Backend;

    [Fact]
    public void The_engine_passes_the_probe_again_and_again()
    {
        S3.Probe();
        S3.Probe();
        Assert.Equal([new("create", IsFolder: false, 32)], Backend.List("probe"));
    }

    [Fact]
    public void A_bucket_that_keeps_versions_is_refused()
    {
        using var backend = new S3Backend(RealEngine.VersionedBucket());
        Assert.Equal(ErrorCode.StorageUnfit, Assert.Throws<AslException>(backend.Probe).Error.Code);
    }

    [Fact]
    public void A_body_that_was_altered_on_the_way_is_not_stored()
    {
        // The probe sends one: see S3Probe. What the engine says must not be taken for an answer about the store either.
        S3.Probe();
        Assert.DoesNotContain(Backend.List("probe"), item => item.Name.StartsWith("damaged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_of_several_pages_is_listed_whole()
    {
        using var backend = new S3Backend(_options) { PageItems = 3 };
        for (var number = 1; number <= 20; number++)
        {
            backend.TryCreate(ObjectName.RunRecords("d", "r", number), "x"u8);
            backend.TryCreate(ObjectName.RunRecords("d", $"r{number}", 1), "x"u8);
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), backend.ListNumbers(ObjectName.RunFolder("d", "r")));
        Assert.Equal(21, backend.List(ObjectName.RunsFolder("d")).Count(item => item.IsFolder));
    }

    [Fact]
    public void The_largest_block_is_stored_and_compared_without_reading_it()
    {
        var content = SeededBytes.Of(9, 64 << 20);
        var name = ObjectName.Block(Digest.Of(content));
        Assert.True(Backend.CreateSealed(name, content));
        Assert.False(Backend.CreateSealed(name, content));
        Assert.Equal(Digest.Of(content), S3.Head(name.Path)!.Digest);
        Assert.Equal(Digest.Of(content), Digest.Of(Backend.ReadAll(name)));
    }

    [Fact]
    public void Wrong_keys_and_a_bucket_that_does_not_exist_are_permanent_failures()
    {
        foreach (var options in new[] { _options with { SecretKey = "wrong" }, _options with { AccessKey = "nobody" }, _options with { Bucket = "there-is-none" } })
        {
            using var backend = new S3Backend(options);
            foreach (var work in new Action[] { () => backend.TryCreate(Name("a"), "x"u8), () => backend.Open(Name("a")), () => _ = backend.List("").Count(), backend.Probe })
            {
                var error = Assert.Throws<AslException>(work).Error;
                Assert.Equal(ErrorCode.StoreIo, error.Code);
                Assert.True(error.IsPermanent, error.ToString());
            }
        }
    }
}
