using System.Text;
using AslRescue.Audit.Journals;

namespace AslRescue.Audit;

/// <summary>A document that stands in a journal.</summary>
/// <param name="Name">"approval".</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
/// <param name="Bytes">The document.</param>
/// <param name="Record">The record that completed it.</param>
public sealed record EvidenceDocument(string Name, string Digest, byte[] Bytes, RecordLine Record)
{
    /// <summary>"approval:3f9a…": how transitions name it.</summary>
    public string Reference => $"{Name}:{Digest}";
}

/// <summary>The documents of a journal, put together from their records and held against their digests.</summary>
public sealed class EvidenceDocuments
{
    private readonly List<EvidenceDocument> _all = [];
    private readonly Dictionary<string, EvidenceDocument> _byReference = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];
    private readonly Dictionary<string, EvidenceDocument> _newest = new(StringComparer.Ordinal);
    private readonly List<byte[]> _parts = [];

    /// <summary>In the order of the journal; each once.</summary>
    public IReadOnlyList<EvidenceDocument> All => _all;

    /// <summary>Documents that are not what their digest says.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>All documents of these records.</summary>
    public static EvidenceDocuments Of(IEnumerable<RecordLine> records)
    {
        var documents = new EvidenceDocuments();
        foreach (var record in records)
        {
            documents.Take(record);
        }

        return documents;
    }

    /// <summary>A document as a transition names it; null when it is not there.</summary>
    public EvidenceDocument? Find(string reference) => _byReference.GetValueOrDefault(reference);

    /// <summary>The newest document of a name, of those taken so far.</summary>
    public EvidenceDocument? Newest(string name) => _newest.GetValueOrDefault(name);

    /// <summary>Takes a record in; does nothing with one of another kind.</summary>
    public void Take(RecordLine record)
    {
        if (record.Kind != "evidence")
        {
            return;
        }

        if (record.Text("name") is not { } name || record.Text("sha256") is not { } digest || !Sha.IsOne(digest))
        {
            _findings.Add(new Finding(FindingKind.Malformed, record.Where, "a document without a name or a digest"));
            return;
        }

        if (record.Number("part") is null or 1)
        {
            _parts.Clear();
        }

        if (PartOf(record) is not { } part)
        {
            _findings.Add(new Finding(FindingKind.Malformed, record.Where, "a document whose bytes are no base64"));
            return;
        }

        _parts.Add(part);
        if (record.Number("parts") is not { } parts || parts == _parts.Count)
        {
            Complete(record, name, digest);
        }
    }

    private void Complete(RecordLine record, string name, string digest)
    {
        byte[] bytes = [.. _parts.SelectMany(one => one)];
        _parts.Clear();
        if (Sha.Of(bytes) is var actual && actual != digest)
        {
            _findings.Add(new Finding(FindingKind.Unproved, record.Where, $"the {name} hashes to {Sha.Short(actual)}, its record says {Sha.Short(digest)}"));
            return;
        }

        var document = new EvidenceDocument(name, digest, bytes, record);
        _newest[name] = document;
        if (_byReference.TryAdd(document.Reference, document))
        {
            _all.Add(document);
        }
    }

    private static byte[]? PartOf(RecordLine record)
    {
        if (record.Text("base64") is not { } encoded)
        {
            return Encoding.UTF8.GetBytes(record.Text("text") ?? "");
        }

        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, bytes, out var length) ? bytes[..length] : null;
    }
}
