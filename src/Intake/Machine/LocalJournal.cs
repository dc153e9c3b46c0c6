using System.Text;
using System.Text.Json;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using Microsoft.Win32.SafeHandles;

namespace AslRescue.Intake.Machine;

/// <summary>
/// A run's journal on this machine: ROOT/var/lib/asl/runtime/RUN/journal. Every record is written here before it goes anywhere else,
/// so after a kill this file knows at least as much as the backend does, and no resumption can fork the chain.
/// </summary>
/// <remarks>
/// Invariants: the file is whole lines, then possibly the beginning of one that was cut off, which the next write covers; sequences
/// rise; after <see cref="Compact"/> records of the ingest may be missing, those of the machine never are. The first megabyte is
/// reserved when the file is made (without changing its length), so that a disk that fills up later cannot stop the machine.
/// </remarks>
public sealed class LocalJournal : IJournalSink, IDisposable
{
    /// <summary>What is reserved.</summary>
    public const int ReservedBytes = 1 << 20;

    private const uint OwnerReadsAndWrites = 0x180;
    private const string FileName = "journal";
    private readonly string _folder;
    private readonly FileCalls _calls;
    private readonly SortedDictionary<long, byte[]> _lines = [];
    private SafeFileHandle _file;
    private long _length;
    private bool _isNameDurable = true;

    private LocalJournal(string folder, FileCalls calls, SafeFileHandle file) => (_folder, _calls, _file) = (folder, calls, file);

    /// <summary>Where the run's files lie.</summary>
    public string Folder => _folder;

    /// <summary>Sequence of the newest record; 0 when there is none.</summary>
    public long Last { get; private set; }

    /// <summary>Bytes in use; beyond <see cref="ReservedBytes"/> a full disk can stop it.</summary>
    public long Length => _length;

    /// <summary>Whether a run's folder has a journal in it.</summary>
    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Begins a journal, its space reserved and its name durable. Where that fails none is there, or an empty one.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="lines">What it begins with.</param>
    /// <param name="calls">How files are written; null: by the kernel.</param>
    /// <exception cref="AslException">RuntimeUnwritable.</exception>
    public static LocalJournal Create(string folder, IEnumerable<(long Sequence, byte[] Line)> lines, FileCalls? calls = null)
    {
        calls ??= FileCalls.Kernel;
        Check(folder, StateFiles.MakeFolders(calls, folder));
        KeyValuePair<long, byte[]>[] all = [.. lines.Select(line => KeyValuePair.Create(line.Sequence, line.Line))];
        var journal = new LocalJournal(folder, calls, MakeFile(calls, folder, all));
        try
        {
            journal.FlushNames();
            journal.Keep(all);
            return journal;
        }
        catch
        {
            journal.Dispose();
            _ = calls.Unlink(Encoding.UTF8.GetBytes(Path.Combine(folder, FileName)));
            throw;
        }
    }

    /// <summary>Opens a run's journal and checks it.</summary>
    /// <exception cref="AslException">RuntimeUnwritable; LogCorrupt when a record is damaged.</exception>
    public static (LocalJournal Journal, IReadOnlyList<JournalRecord> Records) Open(string folder, string run, FileCalls? calls = null)
    {
        calls ??= FileCalls.Kernel;
        var path = Path.Combine(folder, FileName);
        var file = calls.Open(Encoding.UTF8.GetBytes(path));
        Check(folder, file);
        var journal = new LocalJournal(folder, calls, Posix.Own(file));
        try
        {
            return (journal, journal.Load(run, path));
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>The records of a journal, without opening it for writing: somebody else may be at work on it.</summary>
    /// <exception cref="AslException">RuntimeUnwritable: it cannot be read. LogCorrupt.</exception>
    public static IReadOnlyList<JournalRecord> Read(string folder, string run)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var content = File.ReadAllBytes(path);
            return new JournalReader(run, allowGaps: true).Read(path, Whole(content));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(
                new AslError(ErrorCode.RuntimeUnwritable, "the journal of this machine cannot be read")
                {
                    Where = path,
                    Why = failure.Message,
                    Fix = "asl-intake ingest SOURCE…   (attaches the backend; an unsealed run of these sources in it goes on)",
                },
                failure);
        }
    }

    /// <inheritdoc/>
    public void Append(long firstSequence, ReadOnlySpan<byte> lines)
    {
        // A line that was offered before comes again, unchanged, when the backend refused it.
        if (firstSequence <= Last)
        {
            return;
        }

        var result = _isNameDurable ? 0 : _calls.FlushFolder(Encoding.UTF8.GetBytes(_folder));
        _isNameDurable = result >= 0;
        result = result < 0 ? result : _calls.Write(Descriptor, lines, _length);
        Check(_folder, result < 0 ? result : _calls.Flush(Descriptor));
        _length += lines.Length;
        _lines[firstSequence] = lines.ToArray();
        Last = firstSequence;
    }

    /// <summary>The lines after a record, one by one.</summary>
    public IReadOnlyList<(long Sequence, byte[] Line)> After(long sequence) =>
        [.. _lines.Where(pair => pair.Key > sequence).Select(pair => (pair.Key, pair.Value))];

    /// <summary>
    /// Drops records that only the backend needs, so that a long ingest does not fill a RAM disk. The newest record stays in any case:
    /// the chain goes on from it.
    /// </summary>
    /// <param name="acknowledged">Only records up to this one are in the backend and may go.</param>
    /// <exception cref="AslException">RuntimeUnwritable: there was no room for the shorter one. Everything is as it was.</exception>
    public void Compact(long acknowledged)
    {
        KeyValuePair<long, byte[]>[] lines =
            [.. _lines.Where(pair => pair.Key > acknowledged || pair.Key == Last || RecordKinds.IsMachines(KindOf(pair.Value)))];
        var file = MakeFile(_calls, _folder, lines);
        _file.Dispose();
        _file = file;
        Keep(lines);

        // Until the folder is flushed a power cut brings the old file back; the next record sees to it when this fails.
        _isNameDurable = _calls.FlushFolder(Encoding.UTF8.GetBytes(_folder)) >= 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private int Descriptor => (int)_file.DangerousGetHandle();

    /// <summary>
    /// Reads what is there. All of it is written once more, the same bytes to the same place: whoever was killed here may have been told
    /// that a flush failed, and then it is in memory alone. So are the names, for all that is known.
    /// </summary>
    private IReadOnlyList<JournalRecord> Load(string run, string path)
    {
        var content = new byte[RandomAccess.GetLength(_file)];
        var whole = Whole(content.AsMemory(0, RandomAccess.Read(_file, content, 0)));
        var records = new JournalReader(run, allowGaps: true).Read(path, whole);
        var result = _calls.Write(Descriptor, whole.Span, 0);
        Check(_folder, result < 0 ? result : _calls.Flush(Descriptor));
        FlushNames();
        var rest = whole;
        foreach (var record in records)
        {
            var end = rest.Span.IndexOf((byte)'\n') + 1;
            _lines[record.Sequence] = rest[..end].ToArray();
            Last = record.Sequence;
            rest = rest[end..];
        }

        _length = whole.Length;
        return records;
    }

    private void Keep(KeyValuePair<long, byte[]>[] lines)
    {
        _lines.Clear();
        _length = 0;
        foreach (var (sequence, line) in lines)
        {
            _lines[sequence] = line;
            _length += line.Length;
            Last = sequence;
        }
    }

    private static bool IsAt(string path, SafeFileHandle file) =>
        Posix.Stat((int)file.DangerousGetHandle(), out var own) >= 0
        && Posix.StatAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(path), out var named) >= 0
        && own.Device == named.Device && own.Inode == named.Inode;

    private static string KindOf(byte[] line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("kind").GetString() ?? "";
    }

    private static ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> content) => content[..(content.Span.LastIndexOf((byte)'\n') + 1)];

    /// <summary>
    /// Makes the journal's file anew, its first megabyte reserved: under another name first, then by rename, so that a kill leaves the old
    /// file or the new one. When it throws, the old one is there.
    /// </summary>
    private static SafeFileHandle MakeFile(FileCalls calls, string folder, KeyValuePair<long, byte[]>[] lines)
    {
        var (name, path) = (Path.Combine(folder, FileName), Encoding.UTF8.GetBytes(Path.Combine(folder, FileName)));
        var fresh = Encoding.UTF8.GetBytes(name + ".unsealed");
        _ = calls.Unlink(fresh);
        var descriptor = calls.Create(fresh, OpenFlags.ReadWrite, OwnerReadsAndWrites);
        Check(folder, descriptor);
        var file = Posix.Own(descriptor);
        var result = calls.Reserve(descriptor, ReservedBytes);
        result = result < 0 ? result : calls.Write(descriptor, [.. lines.SelectMany(line => line.Value)], 0);
        result = result < 0 ? result : calls.Flush(descriptor);
        result = result < 0 ? result : calls.Rename(fresh, path);
        if (result < 0 && !IsAt(name, file))
        {
            file.Dispose();
            _ = calls.Unlink(fresh);
            Check(folder, result);
        }

        return file;
    }

    /// <summary>The journal's name, its folder's, and that of the folder above.</summary>
    private void FlushNames()
    {
        for (var (folder, level) = (_folder, 0); level < 3 && folder is not null; (folder, level) = (Path.GetDirectoryName(folder), level + 1))
        {
            Check(_folder, _calls.FlushFolder(Encoding.UTF8.GetBytes(folder)));
        }
    }

    private static void Check(string folder, int result)
    {
        if (result < 0)
        {
            throw StateFiles.Unwritable("the journal of this machine cannot be written", folder, result);
        }
    }
}
