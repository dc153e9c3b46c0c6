using System.Globalization;
using System.Text.Json;
using AslRescue.Audit.Files;
using AslRescue.Audit.Journals;
using AslRescue.Audit.Notes;

namespace AslRescue.Audit.Seals;

/// <summary>A seal that holds: the record that makes a snapshot count.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Snapshot">The snapshot's name.</param>
/// <param name="Run">Its run.</param>
/// <param name="Wall">By the machine's clock.</param>
/// <param name="Hash">Its own hash: what an auditor notes down.</param>
public sealed record CheckedSeal(long Number, string Snapshot, string Run, string Wall, string Hash)
{
    /// <summary>The snapshot, where its file is here and whole.</summary>
    public SealedSnapshot? Content { get; init; }

    /// <summary>Keys, in hexadecimal, whose good signatures of the snapshot lie beside it. Whose they are is for the auditor to know.</summary>
    public IReadOnlyList<string> SignedBy { get; init; } = [];
}

/// <summary>The seals of a domain, and the snapshots that they name.</summary>
public sealed class SealChain
{
    private const int SealBytesMax = 4096;
    private readonly IEvidenceFiles _files;
    private readonly string _domain;
    private readonly string _folder;
    private bool _hasSnapshots;
    private readonly List<CheckedSeal> _seals = [];
    private readonly List<Finding> _findings = [];

    private SealChain(IEvidenceFiles files, string domain, string folder) => (_files, _domain, _folder) = (files, domain, folder + "seals");

    /// <summary>The domain.</summary>
    public string Domain => _domain;

    /// <summary>Those whose line holds, in order.</summary>
    public IReadOnlyList<CheckedSeal> Seals => _seals;

    /// <summary>What is wrong with the seals and with the snapshots that they name.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Reads and checks the seals of a domain.</summary>
    /// <param name="files">Where they lie.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="folder">Its folder, ended by a slash.</param>
    public static SealChain Read(IEvidenceFiles files, string domain, string folder)
    {
        var chain = new SealChain(files, domain, folder);
        chain.ReadAll();
        return chain;
    }

    private void ReadAll()
    {
        var folder = _folder;
        _hasSnapshots = _files.List("snapshots").Count > 0;
        var (expected, previous) = (1L, Sha.Zero);
        foreach (var name in _files.List(folder).Where(name => !name.EndsWith(".unsealed", StringComparison.Ordinal)))
        {
            var where = $"{folder}/{name}";
            if (!EvidenceBundle.IsNumber(name, out var number))
            {
                _findings.Add(new Finding(FindingKind.Foreign, where, "it is no seal's name"));
                continue;
            }

            if (number != expected)
            {
                _findings.Add(new Finding(FindingKind.Truncated, where, $"seal {expected} is missing before it"));
            }

            if (ReadOne(where, number) is not { } seal)
            {
                (expected, previous) = (number + 1, "");
                continue;
            }

            if (previous.Length > 0 && number == expected && seal.Previous != previous)
            {
                _findings.Add(new Finding(FindingKind.Unchained, where, $"it follows seal {Sha.Short(seal.Previous)}, the seal before it is {Sha.Short(previous)}"));
            }

            (expected, previous) = (number + 1, seal.Seal.Hash);
            _seals.Add(seal.Seal with { Content = ReadSnapshot(where, seal.Seal), SignedBy = [.. ReadSignatures(seal.Seal.Snapshot)] });
        }

        CheckTwice();
    }

    private (CheckedSeal Seal, string Previous)? ReadOne(string where, long number)
    {
        var bytes = _files.Read(where, SealBytesMax) ?? [];
        if (bytes.Length == 0 || bytes.AsSpan().IndexOf((byte)'\n') != bytes.Length - 1)
        {
            _findings.Add(new Finding(FindingKind.Truncated, where, "it is not exactly one line"));
            return null;
        }

        var (fields, hash, finding) = RecordLine.ReadHashed($"{where}, line 1", bytes.AsMemory(0, bytes.Length - 1));
        if (finding is not null)
        {
            _findings.Add(finding);
            return null;
        }

        string Field(string name) => fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
        var (snapshot, previous) = (Field("snapshot"), Field("previous"));
        if (!Sha.IsOne(snapshot) || !Sha.IsOne(previous) || !fields.TryGetProperty("seal", out var said)
            || said.ValueKind != JsonValueKind.Number || !said.TryGetInt64(out var own))
        {
            _findings.Add(new Finding(FindingKind.Malformed, where, "a field of a seal is missing or malformed"));
            return null;
        }

        if (own != number)
        {
            _findings.Add(new Finding(FindingKind.Reordered, where, string.Create(CultureInfo.InvariantCulture, $"it says that it is seal {own}")));
            return null;
        }

        return (new CheckedSeal(number, snapshot, Field("run"), Field("wall"), hash), previous);
    }

    private SealedSnapshot? ReadSnapshot(string where, CheckedSeal seal)
    {
        var name = $"snapshots/{seal.Snapshot}";
        var bytes = _files.Read(name, SealedSnapshot.BytesMax);
        if (bytes is null && !_hasSnapshots && _folder != $"logs/{_domain}/seals")
        {
            return null; // Only logs were copied.
        }

        if (bytes is null)
        {
            _findings.Add(new Finding(FindingKind.Unproved, where, $"{name}, which it seals, is not here"));
            return null;
        }

        if (Sha.Of(bytes) is var actual && actual != seal.Snapshot)
        {
            _findings.Add(new Finding(FindingKind.Edited, name, $"its {bytes.Length} bytes hash to {Sha.Short(actual)}"));
            return null;
        }

        var (snapshot, why) = SealedSnapshot.Read(bytes);
        if (snapshot is null)
        {
            _findings.Add(new Finding(FindingKind.Malformed, name, why));
        }
        else if (snapshot.Domain != _domain || snapshot.Run != seal.Run || snapshot.SealingSequence == 0)
        {
            _findings.Add(new Finding(FindingKind.Foreign, where,
                $"it seals run {seal.Run} of domain {_domain}; the snapshot is of run {snapshot.Run} of domain {snapshot.Domain}"));
        }

        return snapshot;
    }

    /// <summary>Signatures are named for their key: one that is not of that key was altered.</summary>
    private IEnumerable<string> ReadSignatures(string snapshot)
    {
        foreach (var key in _files.List($"signatures/{snapshot}").Where(Sha.IsOne))
        {
            var where = $"signatures/{snapshot}/{key}";
            if (AuditKey.TryParse(key)!.HasSignedSnapshot(snapshot, _files.Read(where, SealBytesMax) ?? []))
            {
                yield return key;
            }
            else
            {
                _findings.Add(new Finding(FindingKind.Edited, where, "the signature is not of the key that it is named for"));
            }
        }
    }

    private void CheckTwice()
    {
        foreach (var twice in _seals.GroupBy(seal => seal.Run).Where(group => group.Count() > 1))
        {
            _findings.Add(new Finding(FindingKind.Forked, _folder,
                $"run {twice.Key} is sealed by seals {string.Join(", ", twice.Select(seal => seal.Number))}"));
        }
    }
}
