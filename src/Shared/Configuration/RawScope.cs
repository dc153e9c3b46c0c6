namespace AslRescue.Shared.Configuration;

/// <summary>The keys of one file, or of one table of a list, while they are collected. Refuses a key that is stated twice.</summary>
internal sealed class RawScope
{
    private readonly List<RawEntry> _entries = [];
    private readonly Dictionary<string, string> _whereOf = [];
    private readonly Dictionary<string, List<RawValue>> _listsOf = [];

    public IReadOnlyList<RawEntry> Entries => _entries;

    public void Add(string key, string where, RawValue value)
    {
        if (!_whereOf.TryAdd(key, where))
        {
            throw ConfigurationErrors.Duplicate(key, where, _whereOf[key]);
        }

        _entries.Add(new RawEntry(key, where, value));
    }

    /// <summary>A table's head: kept so that its name is checked even when nothing follows it.</summary>
    public void AddGroup(string key, string where) =>
        _entries.Add(new RawEntry(key, where, new RawValue(RawKind.Table, "", where)));

    /// <summary>One more table of the list <c>[[key]]</c>; what follows the head goes into the scope returned.</summary>
    public RawScope AddListTable(string key, string where)
    {
        if (!_listsOf.TryGetValue(key, out var tables))
        {
            tables = [];
            Add(key, where, new RawValue(RawKind.List, "", where) { Items = tables });
            _listsOf.Add(key, tables);
        }

        var scope = new RawScope();
        tables.Add(new RawValue(RawKind.Table, "", where) { Entries = scope._entries });
        return scope;
    }
}
