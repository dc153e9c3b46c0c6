using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Logs;

/// <summary>The folder of one run in a backend: its journal, and the objects that the journal refers to by digest.</summary>
public sealed class RunLog(IBackend backend, string domain, string run) : IJournalSink
{
    /// <inheritdoc/>
    public void Append(long firstSequence, ReadOnlySpan<byte> lines) =>
        backend.CreateSealed(ObjectName.RunRecords(domain, run, firstSequence), lines);

    /// <summary>All records, checked.</summary>
    /// <exception cref="AslException">LogCorrupt.</exception>
    public IReadOnlyList<JournalRecord> ReadJournal()
    {
        var reader = new JournalReader(run);
        List<JournalRecord> records = [];
        foreach (var sequence in backend.ListNumbers(ObjectName.RunFolder(domain, run)))
        {
            var name = ObjectName.RunRecords(domain, run, sequence);
            var found = reader.Read($"{backend.Location}/{name}", backend.ReadAll(name));
            if (found.Count == 0 || found[0].Sequence != sequence)
            {
                throw Damaged(name, found.Count == 0 ? "it is empty" : string.Create(CultureInfo.InvariantCulture,
                    $"its first record is {found[0].Sequence}, its name says {sequence}"));
            }

            records.AddRange(found);
        }

        return records;
    }

    /// <summary>One record, checked by itself and within its object; null when there is none of that sequence.</summary>
    /// <exception cref="AslException">LogCorrupt: its object is damaged.</exception>
    public JournalRecord? TryRead(long sequence)
    {
        // Most objects hold one record; else it is in the last one that begins before it.
        var first = IsThere(sequence) ? sequence : backend.ListNumbers(ObjectName.RunFolder(domain, run)).LastOrDefault(number => number <= sequence);
        if (first == 0)
        {
            return null;
        }

        var name = ObjectName.RunRecords(domain, run, first);
        return new JournalReader(run, allowGaps: true).Read($"{backend.Location}/{name}", backend.ReadAll(name)).FirstOrDefault(record => record.Sequence == sequence);
    }

    private bool IsThere(long sequence)
    {
        using var file = backend.Open(ObjectName.RunRecords(domain, run, sequence));
        return file is not null;
    }

    /// <summary>All lines that the backend has, in order, unchecked.</summary>
    public byte[] ReadLines() =>
        [.. backend.ListNumbers(ObjectName.RunFolder(domain, run)).SelectMany(sequence => backend.ReadAll(ObjectName.RunRecords(domain, run, sequence)))];

    /// <summary>Stores an object beside the journal; gives its digest for the record that will refer to it.</summary>
    public Digest Put(string name, ReadOnlySpan<byte> content)
    {
        backend.CreateSealed(ObjectName.RunObject(domain, run, name), content);
        return Digest.Of(content);
    }

    /// <summary>Reads an object that a record refers to, and checks it against the record's digest.</summary>
    /// <exception cref="AslException">ObjectMissing or LogCorrupt.</exception>
    public byte[] Get(string name, Digest digest)
    {
        if (!ObjectPath.IsPart(name))
        {
            throw Damaged(ObjectName.RunObject(domain, run, "…"), $"a record names '{Printable.Text(name)}', which no object is called");
        }

        var objectName = ObjectName.RunObject(domain, run, name);
        var content = backend.ReadAll(objectName);
        var actual = Digest.Of(content);
        return actual == digest
            ? content
            : throw Damaged(objectName, $"its {content.Length} bytes hash to {actual.Short}…, the journal says {digest.Short}…");
    }

    /// <summary>Stores a checkpoint of the journal (<see cref="JournalNote"/>).</summary>
    /// <param name="size">How many records it covers.</param>
    /// <param name="note">Its bytes.</param>
    public void PutNote(long size, ReadOnlySpan<byte> note) => Put($"{NotePrefix(size)}{Digest.Of(note).Short}", note);

    /// <summary>Whether a checkpoint of exactly these records is there.</summary>
    /// <param name="size">How many records it covers.</param>
    /// <param name="body">What it states.</param>
    public bool HasNote(long size, ReadOnlySpan<byte> body)
    {
        var wanted = body.ToArray();
        return backend.List(ObjectName.RunFolder(domain, run)).Where(item => !item.IsFolder && item.Name.StartsWith(NotePrefix(size), StringComparison.Ordinal) && ObjectPath.IsPart(item.Name))
            .Any(item => backend.ReadAll(ObjectName.RunObject(domain, run, item.Name), JournalNote.BytesMax).AsSpan().StartsWith(wanted));
    }

    /// <summary>Whether an object beside a journal is a checkpoint of it: evidence, though no record names it.</summary>
    public static bool IsNote(string name) => name.StartsWith("note-", StringComparison.Ordinal) && ObjectPath.IsPart(name);

    private static string NotePrefix(long size) => $"note-{ObjectName.Number(size)}-";

    /// <summary>The runs of a domain, by name.</summary>
    public static IReadOnlyList<string> ListRuns(IBackend backend, string domain) =>
        [.. backend.List(ObjectName.RunsFolder(domain)).Where(item => item.IsFolder).Select(item => item.Name).Order(StringComparer.Ordinal)];

    private AslException Damaged(ObjectName name, string why) => new(new AslError(ErrorCode.LogCorrupt, "a journal is damaged")
    {
        Where = $"{backend.Location}/{name}, offset 0",
        Why = why,
        Fix = "asl-admin verify --data   (sealed snapshots do not depend on journals)",
    });
}
