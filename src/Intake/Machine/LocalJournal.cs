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

    private const string FileName = "journal";
    private readonly string _folder;
    private readonly SortedDictionary<long, byte[]> _lines = [];
    private SafeFileHandle _file;
    private long _length;

    private LocalJournal(string folder, SafeFileHandle file) => (_folder, _file) = (folder, file);

    /// <summary>Where the run's files lie.</summary>
    public string Folder => _folder;

    /// <summary>Sequence of the newest record; 0 when there is none.</summary>
    public long Last { get; private set; }

    /// <summary>Bytes in use; beyond <see cref="ReservedBytes"/> a full disk can stop it.</summary>
    public long Length => _length;

    /// <summary>Begins an empty journal, its space reserved and its name durable.</summary>
    /// <exception cref="AslException">RuntimeUnwritable.</exception>
    public static LocalJournal Create(string folder)
    {
        return Guarded(folder, () =>
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var journal = new LocalJournal(folder, OpenNew(Path.Combine(folder, FileName)));
            FlushFolder(folder);
            FlushFolder(Path.GetDirectoryName(folder)!);
            return journal;
        });
    }

    /// <summary>Opens a run's journal and checks it.</summary>
    /// <exception cref="AslException">RuntimeUnwritable; LogCorrupt when a record is damaged.</exception>
    public static (LocalJournal Journal, IReadOnlyList<JournalRecord> Records) Open(string folder, string run)
    {
        return Guarded(folder, () =>
        {
            var path = Path.Combine(folder, FileName);
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            var journal = new LocalJournal(folder, file);
            var content = new byte[RandomAccess.GetLength(file)];
            var read = RandomAccess.Read(file, content, 0);
            var whole = content.AsMemory(0, content.AsSpan(0, read).LastIndexOf((byte)'\n') + 1);
            var records = new JournalReader(run, allowGaps: true).Read(path, whole);
            journal.Keep(records, whole);
            return (journal, records);
        });
    }

    /// <inheritdoc/>
    public void Append(long firstSequence, ReadOnlySpan<byte> lines)
    {
        // A line that was offered before comes again, unchanged, when the backend refused it.
        if (firstSequence <= Last)
        {
            return;
        }

        try
        {
            RandomAccess.Write(_file, lines, _length);
            RandomAccess.FlushToDisk(_file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(_folder, failure);
        }

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
    public void Compact(long acknowledged)
    {
        foreach (var (sequence, line) in _lines.ToArray())
        {
            if (sequence <= acknowledged && sequence != Last && !RecordKinds.IsMachines(KindOf(line)))
            {
                _lines.Remove(sequence);
            }
        }

        Rewrite();
    }

    /// <summary>Replaces everything by these lines.</summary>
    public void Replace(IEnumerable<(long Sequence, byte[] Line)> lines)
    {
        _lines.Clear();
        foreach (var (sequence, line) in lines)
        {
            _lines[sequence] = line;
            Last = sequence;
        }

        Rewrite();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Under another name first, then by rename: a kill leaves the old file or the new one.</summary>
    private void Rewrite()
    {
        _ = Guarded(_folder, () =>
        {
            var fresh = Path.Combine(_folder, FileName + ".unsealed");
            File.Delete(fresh);
            var file = OpenNew(fresh);
            byte[] content = [.. _lines.Values.SelectMany(line => line)];
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
            File.Move(fresh, Path.Combine(_folder, FileName), overwrite: true);
            FlushFolder(_folder);
            _file.Dispose();
            (_file, _length) = (file, content.Length);
            return 0;
        });
    }

    private void Keep(IReadOnlyList<JournalRecord> records, ReadOnlyMemory<byte> whole)
    {
        var rest = whole;
        foreach (var record in records)
        {
            var end = rest.Span.IndexOf((byte)'\n') + 1;
            _lines[record.Sequence] = rest[..end].ToArray();
            Last = record.Sequence;
            rest = rest[end..];
        }

        _length = whole.Length;
    }

    private static string KindOf(byte[] line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("kind").GetString() ?? "";
    }

    private static SafeFileHandle OpenNew(string path)
    {
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            PreallocationSize = ReservedBytes,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
    }

    /// <summary>Makes names in a folder durable.</summary>
    /// <exception cref="IOException">It could not.</exception>
    internal static void FlushFolder(string folder)
    {
        var result = Posix.FlushFolder(Encoding.UTF8.GetBytes(folder));
        if (result < 0)
        {
            throw new IOException($"{folder}: {Errno.Text(result)}");
        }
    }

    private static T Guarded<T>(string folder, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(folder, failure);
        }
    }

    private static AslException Unwritable(string folder, Exception failure) => new(
        new AslError(ErrorCode.RuntimeUnwritable, "the journal of this machine cannot be written")
        {
            Where = folder,
            Why = failure.Message,
            Fix = "make room below /var/lib/asl, or put it on another disk; nothing happens without a journal",
            IsPermanent = false,
        },
        failure);
}
