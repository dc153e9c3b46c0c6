using System.IO.Hashing;
using System.Runtime.InteropServices;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Store.Segments;

/// <summary>
/// Rows of a run that memory has no room for: sorted, in a file without a name, with a filter in front, so that a key that is not
/// there costs no read. Any thread may look keys up.
/// </summary>
internal sealed class RunSpill : IDisposable
{
    private const int BufferRows = 1024;
    private readonly string _folder;
    private readonly SafeFileHandle _file;
    private readonly byte[] _filter;
    private readonly ulong _checksum;
    private readonly RowSearch _search;

    private RunSpill(string folder, SafeFileHandle file, int level, int count, IEnumerable<RunRow> rows, bool isLookedUp)
    {
        (_folder, _file, Level, Count) = (folder, file, level, count);
        _filter = isLookedUp ? new byte[KeyFilter.BytesFor(count)] : [];
        (_checksum, var first, var last) = Write(rows);
        _search = new(count, first, last, ReadRows);
    }

    /// <summary>How often its rows were merged.</summary>
    internal int Level { get; }

    internal int Count { get; }

    /// <summary>Writes rows, at least one, in the order of their keys.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="level">How often they were merged.</param>
    /// <param name="count">How many.</param>
    /// <param name="rows">They.</param>
    /// <param name="isLookedUp">False when they will only be gone through: that takes no memory.</param>
    /// <exception cref="AslException">StoreIo: there is no room in the folder, or it cannot be written.</exception>
    internal static RunSpill Create(string folder, int level, int count, IEnumerable<RunRow> rows, bool isLookedUp = true)
    {
        SafeFileHandle? file = null;
        try
        {
            var path = Path.Combine(folder, $".run-index.{Guid.NewGuid():n}.unsealed");
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
            File.Delete(path); // From now on the room is free again when the process ends, however it ends.
            return new(folder, file, level, count, rows, isLookedUp);
        }
        catch (Exception exception)
        {
            file?.Dispose();
            throw exception is IOException or UnauthorizedAccessException ? Failure(folder, exception.Message, exception) : exception;
        }
    }

    internal bool Contains(in Digest key) =>
        (_filter.Length == 0 || KeyFilter.MayContain(_filter, key)) && _search.Find(key, stackalloc byte[SegmentEntry.Bytes]) >= 0;

    /// <summary>All rows, by key. The last comes only when the file gave what was written to it.</summary>
    /// <exception cref="AslException">StoreIo: it did not.</exception>
    internal IEnumerable<RunRow> Rows()
    {
        var hash = new XxHash3();
        var buffer = new byte[BufferRows * SegmentEntry.Bytes];
        for (var start = 0; start < Count; start += BufferRows)
        {
            var count = Math.Min(BufferRows, Count - start);
            hash.Append(ReadRows(start, count, buffer));
            if (start + count == Count && hash.GetCurrentHashAsUInt64() != _checksum)
            {
                throw Failure(_folder, "a temporary file did not give back what was written to it: the disk or memory is damaged");
            }

            for (var index = 0; index < count; index++)
            {
                yield return MemoryMarshal.Read<RunRow>(buffer.AsSpan(index * SegmentEntry.Bytes));
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private (ulong Checksum, ulong First, ulong Last) Write(IEnumerable<RunRow> rows)
    {
        var hash = new XxHash3();
        var buffer = new byte[BufferRows * SegmentEntry.Bytes];
        var (filled, offset, number, first, last) = (0, 0L, 0, 0UL, 0UL);
        foreach (var row in rows)
        {
            if (_filter.Length > 0)
            {
                KeyFilter.Add(_filter, row.Key);
            }

            last = row.Key.Prefix;
            first = number++ == 0 ? last : first;
            MemoryMarshal.Write(buffer.AsSpan(filled), row);
            filled += SegmentEntry.Bytes;
            if (filled == buffer.Length || number == Count)
            {
                hash.Append(buffer.AsSpan(0, filled));
                RandomAccess.Write(_file, buffer.AsSpan(0, filled), offset);
                (offset, filled) = (offset + filled, 0);
            }
        }

        return number == Count ? (hash.GetCurrentHashAsUInt64(), first, last)
            : throw new InvalidOperationException($"{number} rows came where {Count} were announced");
    }

    private ReadOnlySpan<byte> ReadRows(long start, int count, Span<byte> buffer)
    {
        buffer = buffer[..(count * SegmentEntry.Bytes)];
        try
        {
            for (var filled = 0; filled < buffer.Length;)
            {
                var read = RandomAccess.Read(_file, buffer[filled..], (start * SegmentEntry.Bytes) + filled);
                filled += read > 0 ? read : throw Failure(_folder, "a temporary file ends before its time");
            }
        }
        catch (IOException exception)
        {
            throw Failure(_folder, exception.Message, exception);
        }

        return buffer;
    }

    private static AslException Failure(string folder, string why, Exception? cause = null) =>
        new(new AslError(ErrorCode.StoreIo, "cannot keep the index of a long run in a temporary file")
        {
            Where = folder,
            Why = why,
            Fix = "make that folder writable and give it room (about 1 GB for each TB of new data), then type the command again; a run that was under way: asl-intake resume --store STORE",
            IsPermanent = cause is UnauthorizedAccessException,
        }, cause);
}
