using AslRescue.Backend.Storage;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Store.Backends;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>The contract, through a server over a bucket.</summary>
public sealed class HttpOnS3Tests : BackendContract
{
    private readonly ServerBench _server;
    private readonly S3Backend _storage;

    public HttpOnS3Tests()
    {
        _storage = new S3Backend(RealEngine.NewStore());
        _server = new ServerBench(storage: _storage);
    }

    protected override IBackend Open() => _server.Open("intake");

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _server.Dispose();
        _storage.Dispose();
    }
}
