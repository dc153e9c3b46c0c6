using System.Collections;
using AslRescue.Shared;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Segments;

/// <summary>
/// The artifacts that a run has appended so far: a bounded number in memory, the others in temporary files
/// (docs/adr/0026-index-at-scale.md). One thread adds; any thread may ask meanwhile and sees every artifact added before, except
/// perhaps the very latest: "no" may be out of date, "yes" never is.
/// </summary>
/// <remarks>
/// Invariants: a row leaves memory only when it has a place, and after the file that holds it can be seen; of one key there is one
/// row. What lies where has no influence on the order of <see cref="Sorted"/>.
/// </remarks>
internal sealed class RunIndex(string scratchFolder, int rowsInMemoryMax = RunIndex.RowsInMemoryMax) : IDisposable
{
    /// <summary>About 32 MiB; 32 GiB of new data in chunks of 64 KiB.</summary>
    internal const int RowsInMemoryMax = 1 << 19;

    private const int MergeWidth = 4;
    private readonly Lock _places = new();
    private readonly ReaderWriterLockSlim _closing = new();
    private volatile RunTable _memory = new();
    private volatile RunSpill[] _spills = [];

    internal int Count => _memory.Count + _spills.Sum(spill => spill.Count);

    /// <exception cref="Shared.Errors.AslException">StoreIo: a temporary file cannot be read.</exception>
    internal bool Contains(Digest key) => _memory.Contains(key) || (_spills.Length > 0 && IsSpilled(key));

    /// <summary>Adds a key unless it is there already. Only the one thread that adds may call it.</summary>
    /// <exception cref="Shared.Errors.AslException">StoreIo: a temporary file cannot be written or read.</exception>
    internal bool TryAdd(Digest key)
    {
        if (Contains(key))
        {
            return false;
        }

        if (_memory.Placed >= rowsInMemoryMax)
        {
            Spill();
            MergeSpills();
        }

        _memory.Add(RunRow.Unplaced(key));
        return true;
    }

    /// <summary>Says where an artifact that was added lies. Any thread; once for each.</summary>
    internal void SetPlace(Digest key, int block, in BlockEntry entry)
    {
        lock (_places)
        {
            _memory.SetPlace(key, block, entry);
        }
    }

    /// <summary>All rows by key, when all have their places, with the names of their blocks. Valid until this is disposed.</summary>
    /// <exception cref="InvalidOperationException">One has none: the snapshot would lack an artifact that it refers to.</exception>
    internal IReadOnlyCollection<SegmentEntry> Sorted(IReadOnlyList<Digest?> blockNames) => _memory.Placed == _memory.Count
        ? new Entries(this, blockNames)
        : throw new InvalidOperationException($"{_memory.Count - _memory.Placed} artifacts have no place");

    public void Dispose()
    {
        Array.ForEach(_spills, spill => spill.Dispose());
        _closing.Dispose();
    }

    private bool IsSpilled(Digest key)
    {
        _closing.EnterReadLock();
        try
        {
            foreach (var spill in _spills)
            {
                if (spill.Contains(key))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            _closing.ExitReadLock();
        }
    }

    private void Spill()
    {
        lock (_places)
        {
            var full = _memory;
            var rest = new RunTable();
            foreach (var row in full.Rows().Where(row => !row.IsPlaced))
            {
                rest.Add(row);
            }

            _spills = [.. _spills, RunSpill.Create(scratchFolder, 0, full.Placed, full.SortedPlaced())];
            _memory = rest;
        }
    }

    /// <summary>Keeps files few, so that look-ups stay cheap, while each row is written only a few times.</summary>
    private void MergeSpills()
    {
        while (_spills.Length >= MergeWidth && _spills[^MergeWidth].Level == _spills[^1].Level)
        {
            var parts = _spills[^MergeWidth..];
            var merged = RunSpill.Create(scratchFolder, parts[0].Level + 1, parts.Sum(part => part.Count),
                SegmentGroupWriter.Merge([.. parts.Select(part => part.Rows())], RunRow.ByKey));
            _closing.EnterWriteLock();
            _spills = [.. _spills[..^MergeWidth], merged];
            _closing.ExitWriteLock();
            Array.ForEach(parts, part => part.Dispose());
        }
    }

    private sealed class Entries(RunIndex run, IReadOnlyList<Digest?> blockNames) : IReadOnlyCollection<SegmentEntry>
    {
        public int Count => run.Count;

        public IEnumerator<SegmentEntry> GetEnumerator() =>
            SegmentGroupWriter.Merge([.. run._spills.Select(spill => spill.Rows()), run._memory.SortedPlaced()], RunRow.ByKey)
                .Select(row => row.ToEntry(blockNames[row.Block]!.Value)).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
