using System.Collections.Concurrent;
using System.Text;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>A write that was refused because nothing allows it.</summary>
/// <param name="What">"create", "rename to", …</param>
/// <param name="Path">Where it would have gone.</param>
/// <param name="Leads">Where that really leads.</param>
public sealed record RefusedWrite(string What, string Path, string Leads);

/// <summary>
/// The guard at run time: the calls by which everything durable is written, held within what may be written to. These are the places of the
/// overlay's contract (rules/overlay.toml) and, from its approval until it is given back, the backend. What goes elsewhere is not done, answers EPERM, and is kept
/// for the journal.
/// </summary>
/// <remarks>
/// Any thread. Names are resolved, so that a link within a backend leads nowhere. A folder that was found to lie within the bounds is not looked at
/// again: what changes it afterwards would have to be another program of root's.
/// </remarks>
/// <param name="inner">What does the work.</param>
/// <param name="paths">The machine's paths.</param>
public sealed class BoundedCalls(FileCalls inner, IPathView paths) : FileCalls
{
    private readonly ConcurrentDictionary<string, bool> _within = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _places = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<RefusedWrite> _refused = new();

    /// <summary>From now on files may be written at or below a place, which need not exist yet.</summary>
    public void Allow(string place) => _places[place] = paths.Resolve(place);

    /// <summary>From now on they may not.</summary>
    public void Withdraw(string place)
    {
        if (_places.TryRemove(place, out _))
        {
            _within.Clear();
        }
    }

    /// <summary>What was refused since this was asked last, oldest first.</summary>
    public IReadOnlyList<RefusedWrite> TakeRefused()
    {
        List<RefusedWrite> taken = [];
        while (_refused.TryDequeue(out var one))
        {
            taken.Add(one);
        }

        return taken;
    }

    /// <inheritdoc/>
    public override int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode) => IsWithin("create", path) ? inner.Create(path, flags, mode) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int Open(ReadOnlySpan<byte> path) => IsWithin("open for writing", path) ? inner.Open(path) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int Reserve(int file, long bytes) => inner.Reserve(file, bytes);

    /// <inheritdoc/>
    public override int Write(int file, ReadOnlySpan<byte> content, long offset) => inner.Write(file, content, offset);

    /// <inheritdoc/>
    public override int Flush(int file) => inner.Flush(file);

    /// <inheritdoc/>
    public override int Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => IsWithin("link to", to) ? inner.Link(from, to) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        IsWithin("rename from", from) && IsWithin("rename to", to) ? inner.Rename(from, to) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int RenameNew(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        IsWithin("rename from", from) && IsWithin("rename to", to) ? inner.RenameNew(from, to) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int Unlink(ReadOnlySpan<byte> path) => IsWithin("remove", path) ? inner.Unlink(path) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int MakeFolder(ReadOnlySpan<byte> path) => IsWithin("make the folder", path, orAbove: true) ? inner.MakeFolder(path) : -Errno.EPERM;

    /// <inheritdoc/>
    public override int FlushFolder(ReadOnlySpan<byte> path) => inner.FlushFolder(path);

    /// <summary>Whether a name lies within the bounds: the folder that it is in is resolved, the name itself is made or replaced.</summary>
    private bool IsWithin(string what, ReadOnlySpan<byte> raw, bool orAbove = false)
    {
        var path = Path.GetFullPath(Encoding.UTF8.GetString(raw));
        var folder = Path.GetDirectoryName(path) ?? "/";
        if (_within.ContainsKey(folder))
        {
            return true;
        }

        var real = paths.Resolve(folder);
        if (_places.Values.Any(place => MountTable.IsAtOrBelow(real, place)))
        {
            _within[folder] = true;
            return true;
        }

        // A place itself, and the folders on the way to it, may be made where they are missing.
        var leads = Path.Combine(real, Path.GetFileName(path));
        if (_places.Values.Any(place => leads == place || (orAbove && MountTable.IsAtOrBelow(place, leads))))
        {
            return true;
        }

        _refused.Enqueue(new RefusedWrite(what, path, leads));
        return false;
    }
}
