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
        var objectName = ObjectName.RunObject(domain, run, name);
        var content = backend.ReadAll(objectName);
        var actual = Digest.Of(content);
        return actual == digest
            ? content
            : throw Damaged(objectName, $"its {content.Length} bytes hash to {actual.Short}…, the journal says {digest.Short}…");
    }

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
