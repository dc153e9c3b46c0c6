using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>
/// A folder of a snapshot as a tar archive, depth first in the order of the listings, written as it is read: what it holds at once does not grow with the folder but with its depth.
/// <para>
/// An archive cannot leave bytes out. What nobody could read, or what the store has lost, is zeros in it, and a last member, <see cref="ListName"/>, says of every such range where
/// and why. The list is written early, with a number, when it grows long.
/// </para>
/// </summary>
internal sealed class FolderTar
{
    /// <summary>Beside the folder itself, so that it can have the name of nothing in it.</summary>
    internal const string ListName = "ASL-BAD-RANGES";
    private const int ListBytes = 4 << 20;
    private const int RangesOfOneFile = 20_000;
    private readonly OpenedSnapshot _opened;
    private readonly Place _place;
    private readonly Entry _root;
    private readonly Stream _target;
    private readonly ContentSender _sender;
    private readonly CancellationToken _cancellationToken;
    private readonly StringBuilder _list = new();
    private int _lists;

    /// <param name="opened">The snapshot.</param>
    /// <param name="place">The folder.</param>
    /// <param name="target">Where the archive goes.</param>
    /// <param name="cancellationToken">Stops.</param>
    internal FolderTar(OpenedSnapshot opened, Place place, Stream target, CancellationToken cancellationToken)
    {
        (_opened, _place, _target, _cancellationToken) = (opened, place, target, cancellationToken);
        _root = opened.Root(place.Source);
        _sender = new ContentSender(opened, target, cancellationToken);
    }

    /// <summary>Writes the whole archive.</summary>
    /// <param name="folder">What lies at the place.</param>
    /// <param name="name">The folder's name in the archive.</param>
    internal async Task WriteAsync(Entry folder, byte[] name)
    {
        var frames = new Stack<(byte[] Path, byte[] Source, IEnumerator<Entry> Entries)>();
        await WriteHeadAsync(folder, name, _place.Path);
        frames.Push((name, _place.Path, _opened.Tree.Listing(folder).GetEnumerator()));
        while (frames.TryPeek(out var frame))
        {
            if (!TryNext(frame.Entries, frame.Path))
            {
                frames.Pop().Entries.Dispose();
                continue;
            }

            var entry = frame.Entries.Current;
            var path = Join(frame.Path, entry.Name);
            var source = Join(frame.Source, entry.Name);
            await WriteAsync(entry, path, source, name);
            if (entry.Kind == EntryKind.Directory)
            {
                frames.Push((path, source, _opened.Tree.Listing(entry).GetEnumerator()));
            }
        }

        await WriteListAsync();
        await _target.WriteAsync(new byte[2 * TarHeader.BlockBytes], _cancellationToken);
    }

    private async Task WriteAsync(Entry entry, byte[] path, byte[] source, byte[] root)
    {
        if (entry.Kind is EntryKind.Unknown || entry.Problems.Contains(ProblemKind.Unreadable))
        {
            Note(path, "could not be read, at least in part");
        }

        if (LinkedTo(entry, source, root) is { } first)
        {
            await WriteHeadAsync(entry, path, source, first);
        }
        else if (entry.HasBytes)
        {
            await WriteHeadAsync(entry, path, source);
            await WriteContentAsync(entry, path);
        }
        else if (entry.Kind is not (EntryKind.Socket or EntryKind.Unknown)) // Nothing can be made of a socket; tar itself skips them.
        {
            await WriteHeadAsync(entry, path, source);
        }

        if (_list.Length > ListBytes)
        {
            await WriteListAsync();
        }
    }

    private async Task WriteContentAsync(Entry entry, byte[] path)
    {
        var (ranges, unlisted) = (0, 0L);
        await _sender.SendAsync(entry, (start, length, why) =>
        {
            if (++ranges <= RangesOfOneFile)
            {
                Note(path, string.Create(CultureInfo.InvariantCulture, $"bytes {start} to {start + length - 1}: {why}"));
            }
            else
            {
                unlisted += length;
            }
        });
        if (unlisted > 0)
        {
            Note(path, string.Create(CultureInfo.InvariantCulture, $"and {ranges - RangesOfOneFile} more ranges, {unlisted} bytes together; all: asl-admin export {_place.Snapshot.Short} --path … --mapfile FILE"));
        }

        await _sender.SendZerosAsync(TarHeader.Padding(entry.Size));
    }

    private async Task WriteHeadAsync(Entry entry, byte[] path, byte[] source, byte[]? first = null)
    {
        var header = new TarHeader
        {
            Name = entry.Kind == EntryKind.Directory ? [.. path, (byte)'/'] : path,
            Type = first is not null ? '1' : TypeOf(entry.Kind),
            Mode = entry.Kind == EntryKind.Image ? 0x1a4 : entry.Permissions,
            User = entry.User,
            Group = entry.Group,
            Modified = entry.Modified,
            Size = first is null && entry.HasBytes ? entry.Size : 0,
            Link = first ?? entry.Target ?? [],
            Device = entry.Device ?? default,
            Attributes = first is null ? [.. entry.Attributes.Where(attribute => IsPossible(attribute, source)).Select(attribute => (attribute.Name, attribute.Value))] : [],
        };
        await _target.WriteAsync(header.ToBytes(), _cancellationToken);
    }

    private static char TypeOf(EntryKind kind) => kind switch
    {
        EntryKind.Directory => '5',
        EntryKind.SymbolicLink => '2',
        EntryKind.CharacterDevice => '3',
        EntryKind.BlockDevice => '4',
        EntryKind.Fifo => '6',
        _ => '0',
    };

    private bool IsPossible(ExtendedAttribute attribute, byte[] source)
    {
        var isPossible = !attribute.Name.AsSpan().Contains((byte)'=');
        if (!isPossible)
        {
            Note(source, $"its attribute {Printable.Bytes(attribute.Name)} cannot be kept in an archive");
        }

        return isPossible;
    }

    /// <summary>
    /// The member that an entry is a further name of: only when it is in this archive and stands before the entry, and holds the same. Otherwise the entry
    /// is written with its content, which is more than was asked for and never less.
    /// </summary>
    private byte[]? LinkedTo(Entry entry, byte[] source, byte[] root)
    {
        if (entry.HardLink is not { } first || entry.Kind != EntryKind.File || !IsInside(first, out var below) || ComparePaths(first, source) >= 0)
        {
            return null;
        }

        var found = _opened.Tree.Find(_root, first);
        return found is { Kind: EntryKind.File, HardLink: null } && found.Size == entry.Size && found.Content.SequenceEqual(entry.Content) ? Join(root, below) : null;
    }

    private bool IsInside(byte[] path, out byte[] below)
    {
        var folder = _place.Path;
        var start = folder.Length == 0 ? 0 : folder.Length + 1;
        var isInside = path.Length > start && path.AsSpan().StartsWith(folder) && (start == 0 || path[folder.Length] == (byte)'/');
        below = isInside ? path[start..] : [];
        return isInside;
    }

    /// <summary>The order in which they are written: by their parts, each by its bytes.</summary>
    private static int ComparePaths(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var common = left.CommonPrefixLength(right);
        return Part(left, common).CompareTo(Part(right, common));

        // A name ends before anything that goes on.
        static int Part(ReadOnlySpan<byte> path, int at) => at == path.Length ? -2 : path[at] == (byte)'/' ? -1 : path[at];
    }

    private bool TryNext(IEnumerator<Entry> entries, byte[] path)
    {
        try
        {
            return entries.MoveNext();
        }
        catch (AslException failure) when (ContentSender.IsLoss(failure))
        {
            Note(path, $"the rest of this folder is lost: the store is damaged: {failure.Error.What}");
            return false;
        }
    }

    private void Note(byte[] path, string why) => _list.Append(Printable.Bytes(path)).Append(": ").Append(Printable.Text(why)).Append('\n');

    private async Task WriteListAsync()
    {
        if (_list.Length == 0)
        {
            return;
        }

        var number = _lists++ == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $".{_lists}");
        var text = Encoding.UTF8.GetBytes($"What this archive lacks. Bytes that are listed here are zeros in it, and nobody knows what they were.\nFrom snapshot {_place.Snapshot} of domain {_place.Domain}.\n\n{_list}");
        _list.Clear();
        var header = new TarHeader { Name = Encoding.ASCII.GetBytes($"{ListName}{number}.txt"), Type = '0', Size = text.Length, Modified = new FileTime(_opened.Snapshot.Created.Seconds, 0) };
        await _target.WriteAsync(header.ToBytes(), _cancellationToken);
        await _target.WriteAsync(text, _cancellationToken);
        await _sender.SendZerosAsync(TarHeader.Padding(text.Length));
    }

    private static byte[] Join(byte[] folder, byte[] name) => folder.Length == 0 ? name : [.. folder, (byte)'/', .. name];
}
