using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Machine;

public sealed class LocalJournalTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("asl-journal-").FullName;
    private readonly ManualTime _time = new();

    private string Folder => Path.Combine(_root, "run");

    private string FilePath => Path.Combine(Folder, "journal");

    [Fact]
    public void The_first_megabyte_is_reserved_and_the_length_is_that_of_the_records()
    {
        using var journal = MachineJournal.Begin(Folder, "run", "boot", _time);
        journal.Append(new JournalEntry("waiting"));
        Posix.StatAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(FilePath), out var status);
        Assert.InRange(new FileInfo(FilePath).Length, 1, 1000);
        Assert.True((long)status.Blocks * 512 >= LocalJournal.ReservedBytes, $"{status.Blocks} blocks");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void A_line_that_was_cut_off_is_written_over()
    {
        using (var journal = MachineJournal.Begin(Folder, "run", "boot", _time))
        {
            journal.Append(new JournalEntry("waiting") { Fields = [new("reason", "one")] });
        }

        File.AppendAllText(FilePath, "{\"sequence\":2,\"run\":\"run\", and so on, for longer than the line that will come instead" + new string('x', 2000));
        using (var journal = MachineJournal.Open(Folder, "run", "boot", _time))
        {
            journal.Append(new JournalEntry("waiting") { Fields = [new("reason", "two")] });
            journal.Append(new JournalEntry("waiting") { Fields = [new("reason", "three")] });
        }

        using var again = MachineJournal.Open(Folder, "run", "boot", _time);
        Assert.Equal(3, again.Writer.Head.Sequence);
    }

    [Fact]
    public void A_damaged_record_is_not_built_upon()
    {
        using (var journal = MachineJournal.Begin(Folder, "run", "boot", _time))
        {
            journal.Append(new JournalEntry("waiting") { Fields = [new("reason", "one")] });
        }

        File.WriteAllText(FilePath, File.ReadAllText(FilePath).Replace("one", "two", StringComparison.Ordinal));
        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => MachineJournal.Open(Folder, "run", "boot", _time)).Error.Code);
    }

    [Fact]
    public void Large_evidence_is_kept_in_parts_and_read_back_whole()
    {
        var bytes = new byte[1_000_000];
        new Random(1).NextBytes(bytes);
        using (var journal = MachineJournal.Begin(Folder, "run", "boot", _time))
        {
            journal.Record(EvidenceNames.Decision, bytes);
            journal.Record(EvidenceNames.Table, []);
        }

        using var again = MachineJournal.Open(Folder, "run", "boot", _time);
        Assert.Equal(bytes, again.History.Newest(EvidenceNames.Decision)!.Value.Bytes);
        Assert.Empty(again.History.Newest(EvidenceNames.Table)!.Value.Bytes);
    }

    [Fact]
    public void The_same_evidence_is_written_once()
    {
        using var journal = MachineJournal.Begin(Folder, "run", "boot", _time);
        Assert.Equal(journal.Record("decision", "x"u8.ToArray()), journal.Record("decision", "x"u8.ToArray()));
        Assert.Equal(1, journal.Writer.Head.Sequence);
    }

    [Fact]
    public void A_long_ingest_does_not_fill_this_machine_and_the_chain_goes_on_after_a_restart()
    {
        var backend = new ListSink();
        using (var journal = MachineJournal.Begin(Folder, "run", "boot", _time))
        {
            journal.Record(EvidenceNames.Decision, "decision"u8.ToArray());
            journal.AttachTo(backend, ReadOnlyMemory<byte>.Empty);
            for (var record = 0; record < 3000; record++)
            {
                journal.Writer.Append(new JournalEntry("checkpoint") { Fields = [new("blocks", new string('b', 1000))] });
            }

            journal.Append(new JournalEntry("waiting"));
        }

        Assert.InRange(new FileInfo(FilePath).Length, 1, LocalJournal.ReservedBytes);
        using var again = MachineJournal.Open(Folder, "run", "boot", _time);
        Assert.NotNull(again.History.Newest(EvidenceNames.Decision));
        again.AttachTo(backend, backend.Bytes);
        again.Append(new JournalEntry("waiting"));
        Assert.Equal(3003, new JournalReader("run").Read("backend", backend.Bytes).Count);
    }

    [Fact]
    public void A_backend_with_another_history_of_the_run_is_refused()
    {
        var backend = new ListSink();
        using (var other = MachineJournal.Begin(Path.Combine(_root, "other"), "run", "boot-0", _time))
        {
            other.Append(new JournalEntry("waiting"));
            other.AttachTo(backend, ReadOnlyMemory<byte>.Empty);
        }

        using var journal = MachineJournal.Begin(Folder, "run", "boot", _time);
        journal.Append(new JournalEntry("waiting"));
        Assert.Contains("two histories", Assert.Throws<AslException>(() => journal.AttachTo(backend, backend.Bytes)).Error.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_can_be_written_nothing_begins()
    {
        var error = Assert.Throws<AslException>(() => MachineJournal.Begin("/proc/asl/run", "run", "boot", _time)).Error;
        Assert.Equal(ErrorCode.RuntimeUnwritable, error.Code);
        Assert.Equal(ErrorCode.RuntimeUnwritable, Assert.Throws<AslException>(() => IntakeLock.Take("/proc/asl/lock", FileCalls.Kernel)).Error.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_full_disk_stops_behind_the_reserved_megabyte_and_what_is_refused_here_reaches_no_backend(bool isKilled)
    {
        var (backend, disk) = (new ListSink(), new FullDisk());
        var journal = MachineJournal.Begin(Folder, "run", "boot", _time, calls: disk);
        journal.AttachTo(backend, ReadOnlyMemory<byte>.Empty);
        disk.IsFull = true;
        var entry = new JournalEntry("waiting") { Fields = [new("reason", new string('x', 100_000))] };
        for (var record = 0; record < 10; record++)
        {
            journal.Append(entry);
        }

        foreach (var append in new Action[] { () => journal.Append(entry), () => journal.Writer.Append(entry) })
        {
            var error = Assert.Throws<AslException>(append).Error;
            Assert.Equal((ErrorCode.RuntimeUnwritable, false), (error.Code, error.IsPermanent));
        }

        Assert.InRange(new FileInfo(FilePath).Length, 900_000, LocalJournal.ReservedBytes);
        Assert.Equal(File.ReadAllBytes(FilePath), backend.Bytes);
        disk.IsFull = false;
        if (isKilled)
        {
            journal.Dispose();
            journal = MachineJournal.Open(Folder, "run", "boot", _time, calls: disk);
            journal.Append(new JournalEntry("resumed"));
            journal.AttachTo(backend, backend.Bytes);
        }

        journal.Append(new JournalEntry("waiting"));
        journal.Dispose();
        Assert.Equal(12, new JournalReader("run").Read("backend", backend.Bytes).Count);
        Assert.Equal(File.ReadAllBytes(FilePath), backend.Bytes);
    }

    [Fact]
    public void Where_there_is_no_room_for_a_journal_none_is_left_behind()
    {
        var disk = new FullDisk { IsFull = true };
        var error = Assert.Throws<AslException>(() => MachineJournal.Begin(Folder, "run", "boot", _time, calls: disk)).Error;
        Assert.Equal((ErrorCode.RuntimeUnwritable, false), (error.Code, error.IsPermanent));
        Assert.Empty(Directory.GetFiles(Folder));
        disk.IsFull = false;
        MachineJournal.Begin(Folder, "run", "boot", _time, calls: disk).Dispose();
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private sealed class ListSink : IJournalSink
    {
        private readonly List<byte> _bytes = [];

        public byte[] Bytes => [.. _bytes];

        public void Append(long firstSequence, ReadOnlySpan<byte> lines) => _bytes.AddRange(lines);
    }
}
