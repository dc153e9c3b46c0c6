using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>What the sealed snapshots of a store refer to: all that must stay.</summary>
public sealed class SealedReferences
{
    private readonly HashSet<Digest> _snapshots = [];
    private readonly HashSet<Digest> _blocks = [];
    private readonly HashSet<Digest> _segments = [];
    private readonly HashSet<(string Domain, string Run)> _runs = [];
    private readonly List<AslError> _errors = [];

    private SealedReferences()
    {
    }

    /// <summary>Snapshots that have a seal.</summary>
    public IReadOnlySet<Digest> Snapshots => _snapshots;

    /// <summary>Blocks that they list.</summary>
    public IReadOnlySet<Digest> Blocks => _blocks;

    /// <summary>Segments that they pin.</summary>
    public IReadOnlySet<Digest> Segments => _segments;

    /// <summary>Runs that ended in them.</summary>
    public IReadOnlySet<(string Domain, string Run)> Runs => _runs;

    /// <summary>Seals and snapshots that cannot be read. Where there are any, what is not listed here may be referred to all the same.</summary>
    public IReadOnlyList<AslError> Errors => _errors;

    /// <summary>Reads all seals and their snapshots.</summary>
    /// <exception cref="AslException">One is damaged; or the backend fails.</exception>
    public static SealedReferences Read(IBackend backend)
    {
        var found = ReadWhatCanBe(backend);
        return found.Errors is [var first, ..] ? throw new AslException(first) : found;
    }

    /// <summary>Reads what can be read of them.</summary>
    /// <exception cref="AslException">The backend cannot be listed.</exception>
    public static SealedReferences ReadWhatCanBe(IBackend backend)
    {
        var found = new SealedReferences();
        foreach (var domain in SealLog.ListDomains(backend))
        {
            found.Try(() =>
            {
                foreach (var seal in new SealLog(backend, domain).Read())
                {
                    found._snapshots.Add(seal.Snapshot);
                    found._runs.Add((domain, seal.Run));
                    found.Try(() => found.Add(SnapshotCodec.Load(backend, seal.Snapshot)));
                }
            });
        }

        return found;
    }

    private void Add(Snapshot snapshot)
    {
        _runs.Add((snapshot.Domain, snapshot.Run));
        _blocks.UnionWith(snapshot.Blocks.Select(block => block.Name));
        _segments.UnionWith(snapshot.Groups.SelectMany(group => group.Segments).Select(segment => segment.Name));
    }

    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (AslException exception)
        {
            _errors.Add(exception.Error);
        }
    }
}
