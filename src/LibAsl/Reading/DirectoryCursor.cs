using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.LibAsl.Reading;

/// <summary>A directory whose entries are told one after the other. In memory is one part of its listing, some thousand entries.</summary>
internal sealed class DirectoryCursor : Resource
{
    private readonly Lock _lock = new();
    private readonly Node _directory;
    private IEnumerator<Entry>? _entries;
    private byte[] _last = [];
    private Entry? _current;

    /// <param name="directory">Held for as long as the cursor is open.</param>
    /// <exception cref="AslException">ArgumentInvalid: it is no directory.</exception>
    internal DirectoryCursor(Node directory)
        : base(HandleKind.Directory)
    {
        if (directory.Entry.Kind != EntryKind.Directory)
        {
            throw LibraryErrors.Argument("node", $"'{Printable.Bytes(directory.Path)}' is a {directory.Entry.Kind}, and no directory");
        }

        directory.Hold();
        _directory = directory;
    }

    /// <summary>The next entry; null behind the last.</summary>
    /// <exception cref="AslException">The listing cannot be read. The next call tries again, behind the entry that was told last.</exception>
    internal Entry? Next()
    {
        lock (_lock)
        {
            _current = null;
            _entries ??= _directory.Snapshot.Tree.Listing(_directory.Entry).SkipWhile(IsTold).GetEnumerator();
            try
            {
                if (!_entries.MoveNext())
                {
                    return null;
                }
            }
            catch
            {
                _entries = null; // What failed would otherwise seem to have come to its end.
                throw;
            }

            _current = _entries.Current;
            _last = _current.Name;
            return _current;
        }
    }

    /// <summary>Opens the entry that was told last.</summary>
    /// <exception cref="AslException">ArgumentInvalid: there is none.</exception>
    internal Node OpenCurrent()
    {
        lock (_lock)
        {
            return _current is { } entry ? new Node(_directory.Snapshot, entry, _directory.Path.Length == 0 ? entry.Name : [.. _directory.Path, (byte)'/', .. entry.Name])
                : throw LibraryErrors.Argument("directory", "asl_directory_next has told no entry, or failed");
        }
    }

    protected override void Free()
    {
        _entries?.Dispose();
        _directory.Release();
    }

    private bool IsTold(Entry entry) => entry.Name.AsSpan().SequenceCompareTo(_last) <= 0;
}
