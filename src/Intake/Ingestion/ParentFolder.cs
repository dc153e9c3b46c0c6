using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// The same folder in the snapshot that the run is incremental to: entries with their side records, asked for in ascending order of
/// names, so that both are read once from front to back.
/// </summary>
internal sealed class ParentFolder : IDisposable
{
    private readonly IEnumerator<(Entry Entry, SideRecord Side)> _entries;
    private bool _isOver;
    private bool _isStarted;

    internal ParentFolder(TreeReader tree, Entry folder, IReadOnlyList<ContentItem> side) =>
        _entries = tree.Listing(folder).Zip(tree.Side(side)).GetEnumerator();

    /// <summary>The entry of this name; null when the parent has none.</summary>
    /// <remarks>A parent that cannot be read only costs time: from there on everything counts as new.</remarks>
    internal (Entry Entry, SideRecord Side)? Find(ReadOnlySpan<byte> name)
    {
        try
        {
            return FindReadable(name);
        }
        catch (AslException)
        {
            _isOver = true;
            return null;
        }
    }

    private (Entry Entry, SideRecord Side)? FindReadable(ReadOnlySpan<byte> name)
    {
        if (!_isStarted)
        {
            (_isStarted, _isOver) = (true, !_entries.MoveNext());
        }

        while (!_isOver)
        {
            var order = _entries.Current.Entry.Name.AsSpan().SequenceCompareTo(name);
            if (order >= 0)
            {
                return order == 0 ? _entries.Current : null;
            }

            _isOver = !_entries.MoveNext();
        }

        return null;
    }

    public void Dispose() => _entries.Dispose();
}
