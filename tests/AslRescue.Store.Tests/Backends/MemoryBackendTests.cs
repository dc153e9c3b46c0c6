using AslRescue.Store.Backends;
using AslRescue.Testing;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Store.Tests.Backends;

/// <summary>The fake that other tests rest on keeps the contract too.</summary>
public sealed class MemoryBackendTests : BackendContract
{
    private readonly MemoryBackend _storage = new();

    protected override IBackend Open() => _storage;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _storage.Dispose();
    }
}
