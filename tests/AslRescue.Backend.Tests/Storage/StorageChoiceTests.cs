using AslRescue.Backend.Storage;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>What a bucket becomes when a server starts over it.</summary>
public sealed class StorageChoiceTests : IDisposable
{
    private readonly FakeEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Of_two_servers_that_start_at_once_neither_takes_the_other_for_a_stranger()
    {
        var format = new StoreFormat().ToBytes();
        using var backend = new S3Backend(_engine.Options);
        _engine.Faults = (_, method) =>
        {
            if (method == "GET")
            {
                Put("format.toml", format); // The other one, between our look and our listing.
                Put("leases/d/r/0000000001", [1]);
            }

            return Fault.None;
        };
        Assert.Equal(format, StorageChoice.FormatOf(backend));
    }

    [Fact]
    public void A_bucket_with_something_else_in_it_is_refused()
    {
        Put("photos/1.jpg", [1]);
        using var backend = new S3Backend(_engine.Options);
        Assert.Equal(ErrorCode.StoreOccupied, Assert.Throws<AslException>(() => StorageChoice.FormatOf(backend)).Error.Code);
        Assert.Null(backend.Open(ObjectName.Format));
    }

    private void Put(string key, byte[] content) => _engine.Objects[_engine.Options.KeyOf(key)] = new FakeEngine.Stored(content, null, null);
}
