using AslRescue.Store.Backends;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>The contract, through a server over a directory.</summary>
public sealed class HttpBackendTests : BackendContract
{
    private readonly ServerBench _server = new();

    protected override IBackend Open() => _server.Open("intake");

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _server.Dispose();
    }
}
