using AslRescue.Backend.Storage;
using AslRescue.Shared.Errors;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>An engine that lacks something is refused by name, before anything is trusted to it.</summary>
public sealed class S3ProbeTests
{
    [Fact]
    public void An_engine_that_has_everything_passes_as_often_as_it_is_asked_and_keeps_one_object()
    {
        using var engine = new FakeEngine();
        using var backend = new S3Backend(engine.Options);
        backend.Probe();
        var first = engine.Objects["probe/create"];
        backend.Probe();
        Assert.Equal(["probe/create"], engine.Objects.Keys);
        Assert.Same(first, engine.Objects["probe/create"]);
    }

    [Fact]
    public void Servers_that_start_at_once_do_not_refuse_each_others_probe()
    {
        using var engine = new FakeEngine();
        Parallel.For(0, 8, new() { MaxDegreeOfParallelism = 8 }, _ =>
        {
            using var backend = new S3Backend(engine.Options);
            backend.Probe();
        });
        Assert.Equal(["probe/create"], engine.Objects.Keys);
    }

    [Fact]
    public void An_engine_that_replaces_objects_is_refused()
    {
        using var engine = new FakeEngine { OverwritesSilently = true };
        Refused(engine, "conditional PUT", "was carried out");
    }

    [Fact]
    public void An_engine_that_says_that_it_knows_no_condition_is_refused()
    {
        using var engine = new FakeEngine { KnowsNoCondition = true };
        Refused(engine, "conditional PUT", "501 NotImplemented");
    }

    [Fact]
    public void An_engine_that_stores_damaged_bodies_is_refused()
    {
        using var engine = new FakeEngine { ChecksNoDigest = true };
        Refused(engine, "does not check what it stores", "digest");
    }

    [Fact]
    public void An_engine_that_drops_metadata_is_refused()
    {
        using var engine = new FakeEngine { DropsMetadata = true };
        Refused(engine, "drops metadata", "x-amz-meta-sha256");
    }

    [Fact]
    public void An_engine_whose_listings_lag_is_refused()
    {
        using var engine = new FakeEngine { ListsNothing = true };
        Refused(engine, "listings", "not listed");
    }

    [Fact]
    public void The_refusal_reads_as_its_golden_file_says()
    {
        using var engine = new FakeEngine { OverwritesSilently = true };
        using var backend = new S3Backend(engine.Options);
        var text = Assert.Throws<AslException>(backend.Probe).Error.ToString().Replace($":{engine.Options.Endpoint.Port}/", ":N/", StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(Checkout.PathOf("tests/AslRescue.Tools.Tests/golden/error-ASL8008.txt")), text + "\n");
    }

    [Theory]
    [InlineData("Enabled")]
    [InlineData("Suspended")]
    public void A_bucket_that_keeps_versions_is_refused(string status)
    {
        using var engine = new FakeEngine { Versioning = status };
        Refused(engine, "keeps versions", "If-None-Match");
        Assert.Empty(engine.Objects);
    }

    [Fact]
    public void An_engine_without_ranges_is_not_used()
    {
        using var engine = new FakeEngine { IgnoresRanges = true };
        using var backend = new S3Backend(engine.Options, new ManualTime { RunsByItself = true });
        Assert.Throws<AslException>(backend.Probe);
    }

    [Fact]
    public void An_engine_that_cannot_be_reached_is_not_called_unfit()
    {
        using var engine = new FakeEngine();
        using var backend = new S3Backend(engine.Options with { Endpoint = new("http://127.0.0.1:9") }, new ManualTime { RunsByItself = true });
        var error = Assert.Throws<AslException>(backend.Probe).Error;
        Assert.Equal(ErrorCode.StoreIo, error.Code);
        Assert.False(error.IsPermanent);
    }

    [Fact]
    public void The_secret_is_in_no_text_about_the_storage()
    {
        using var engine = new FakeEngine();
        var options = engine.Options with { Prefix = "/fleet/" };
        Assert.Equal($"{engine.Options.Endpoint.ToString().TrimEnd('/')}/bucket/fleet", options.ToString());
        Assert.DoesNotContain("secret", $"{options} {new S3Backend(options).Location}", StringComparison.Ordinal);
    }

    private static void Refused(FakeEngine engine, string what, string why)
    {
        using var backend = new S3Backend(engine.Options, new ManualTime { RunsByItself = true });
        var error = Assert.Throws<AslException>(backend.Probe).Error;
        Assert.Equal(ErrorCode.StorageUnfit, error.Code);
        Assert.Contains(what, error.What, StringComparison.Ordinal);
        Assert.Contains(why, error.Why, StringComparison.Ordinal);
        Assert.Equal(backend.Location, error.Where);
        Assert.True(error.IsPermanent);
        Assert.NotEmpty(error.Fix);
    }
}
