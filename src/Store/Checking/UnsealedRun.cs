using AslRescue.Shared;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Inspection;

namespace AslRescue.Store.Checking;

/// <summary>A run without a seal, as far as its journal can be read; damaged lines are passed over and counted.</summary>
public sealed record UnsealedRun
{
    /// <summary>The domain's id.</summary>
    public required string Domain { get; init; }

    /// <summary>The run's.</summary>
    public required string Run { get; init; }

    /// <summary>Lines that can be read.</summary>
    public int Records { get; private set; }

    /// <summary>Lines that are damaged, or do not follow the one before.</summary>
    public int DamagedRecords { get; private set; }

    /// <summary>Kind of the last record; null when there is none.</summary>
    public string? LastKind { get; private set; }

    /// <summary>Its wall clock.</summary>
    public string? LastWall { get; private set; }

    /// <summary>Where the machine stood; null where no machine wrote into the journal.</summary>
    public string? State { get; private set; }

    /// <summary>What was being read; empty when the run never began to.</summary>
    public IReadOnlyList<string> Sources { get; private set; } = [];

    /// <summary>Whether it began to read, so that it can go on.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether its snapshot was being written.</summary>
    public bool IsSealing { get; private set; }

    /// <summary>Blocks that its journal names.</summary>
    public IReadOnlySet<Digest> Blocks => _blocks;

    /// <summary>Objects beside the journal that it names: checkpoints, drafts, a mapfile.</summary>
    public IReadOnlySet<string> Objects => _objects;

    /// <summary>Hashes of its sealing records: snapshots name one.</summary>
    public IReadOnlySet<Digest> SealingRecords => _sealing;

    private readonly HashSet<Digest> _blocks = [];
    private readonly HashSet<string> _objects = [];
    private readonly HashSet<Digest> _sealing = [];

    /// <summary>Whether it was cancelled or given up: then nothing takes it up again.</summary>
    public bool IsHalted => State == "Halted";

    /// <summary>Reads the journal of a run.</summary>
    /// <exception cref="Shared.Errors.AslException">The backend fails.</exception>
    public static UnsealedRun Read(IBackend backend, string domain, string run)
    {
        var summary = new UnsealedRun { Domain = domain, Run = run };
        var log = InspectedLog.Journal();
        foreach (var number in backend.ListNumbers(ObjectName.RunFolder(domain, run)))
        {
            using var file = InspectedFile.Open(backend, ObjectName.RunRecords(domain, run, number));
            foreach (var line in file is null ? [] : log.Read(file))
            {
                summary.Take(line);
            }
        }

        return summary;
    }

    private void Take(InspectedLine line)
    {
        if (line.Why is not null)
        {
            DamagedRecords++;
        }

        if (line is not { Parsed: { } parsed, Chain: not ChainState.Damaged })
        {
            return;
        }

        Records++;
        (LastKind, LastWall) = (line.Kind, line.Wall);
        foreach (var field in (string[])["checkpoint", "draft", "mapfile"])
        {
            if (parsed.Text(field) is { Length: > 0 } name)
            {
                _objects.Add(name);
            }
        }

        switch (line.Kind)
        {
            case "run-started":
                (HasBegun, Sources) = (true, parsed.Texts("sources"));
                break;
            case "checkpoint":
                _blocks.UnionWith(parsed.Texts("blocks").Where(text => Digest.TryParse(text, out _)).Select(text => Digest.Parse(text)));
                break;
            case "sealing":
                IsSealing = true;
                _sealing.Add(line.Hash);
                break;
            case "transition":
                State = parsed.Text("to") ?? State;
                break;
            default:
                break;
        }
    }
}
