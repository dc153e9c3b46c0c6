using AslRescue.Intake.Tests.Fakes;
using AslRescue.Store.Faults;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>A tree, over a disk that fails.</summary>
public sealed class FaultLoopTests : IDisposable
{
    private readonly string _folder = Scratch.NewFolder("asl-faults-");
    private readonly FaultLoop _loop;

    public FaultLoopTests()
    {
        var (before, tree) = (Path.Combine(_folder, "before"), Path.Combine(_folder, "tree"));
        SampleTree.Make(before, seed: 3, files: 3, bytesMax: 40_000);
        SampleTree.Make(tree, seed: 5, files: 9, bytesMax: 400_000);
        _loop = new(_folder, new()
        {
            Before = Ingests.Of(before),
            Options = Ingests.Of(tree),
            KillInIngest = 30, // Dead when the first block is sealed.
            Outcome = Ingests.Names,
        });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(FaultLoop.All), MemberType = typeof(FaultLoop))]
    public void Whichever_call_fails_the_store_stays_whole_and_the_run_ends_as_undisturbed(FaultedPart part, DiskFault fault) =>
        _loop.Run(part, fault, part switch { FaultedPart.Ingest => 87, FaultedPart.Resume => 71, _ => 25 });
}
