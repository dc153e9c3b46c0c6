using System.Collections.Concurrent;

namespace AslRescue.Preflight.Facts;

/// <summary>
/// What probes have found so far. Probes write to it from several tasks; a fact is written as soon as it is known, so that what a
/// probe learned before it ran out of time is kept. The first word on a fact stands: a straggler changes nothing.
/// </summary>
public sealed class FactSheet
{
    private readonly ConcurrentDictionary<string, Fact> _facts = new();
    private volatile bool _isClosed;

    /// <summary>Notes a fact. Its value must be of its domain: anything else is a defect of the probe.</summary>
    public void Add(Fact fact)
    {
        if (FactCatalog.Find(fact.Id) is not { } definition || definition.IndexOf(fact.Value) < 0)
        {
            throw new InvalidOperationException($"{fact.Value} is no value of {fact.Id}");
        }

        if (!_isClosed)
        {
            _facts.TryAdd(fact.Id, fact);
        }
    }

    /// <summary>The fact, or null while nobody knows.</summary>
    public Fact? Find(string id) => _facts.GetValueOrDefault(id);

    /// <summary>Ends the collection: every fact of the catalog, in its order, those nobody gave as unknown.</summary>
    public IReadOnlyList<Fact> Close()
    {
        _isClosed = true;
        return [.. FactCatalog.All.Select(definition => Find(definition.Id) ?? Fact.Unknown(definition.Id, "no probe gave it"))];
    }
}
