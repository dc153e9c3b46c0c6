using AslRescue.Backend.Storage;
using AslRescue.Store.Backends;
using AslRescue.Testing.BackendContract;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>The contract over the fake engine: no tool and no time is needed for it.</summary>
public sealed class S3ContractTests : BackendContract
{
    private readonly FakeEngine _engine = new();

    protected override IBackend Open() => new S3Backend(_engine.Options with { Prefix = "a/prefix" }) { PageItems = 7 };

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _engine.Dispose();
    }
}
