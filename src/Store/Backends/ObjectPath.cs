using AslRescue.Shared;

namespace AslRescue.Store.Backends;

/// <summary>What an object is, as its path says.</summary>
public enum ObjectKind
{
    /// <summary>format.toml</summary>
    Format,

    /// <summary>blocks/ab/NAME</summary>
    Block,

    /// <summary>segments/NAME</summary>
    Segment,

    /// <summary>snapshots/NAME</summary>
    Snapshot,

    /// <summary>logs/DOMAIN/seals/NUMBER</summary>
    Seal,

    /// <summary>logs/DOMAIN/runs/RUN/NUMBER</summary>
    RunRecords,

    /// <summary>logs/DOMAIN/runs/RUN/checkpoint-… or draft-…</summary>
    RunObject,

    /// <summary>signatures/SNAPSHOT/KEY</summary>
    Signature,
}

/// <summary>A path that somebody else sent, understood: exactly what the format allows (docs/store-format.md, Layout), and nothing else.</summary>
public sealed record ObjectPath
{
    private const int PartCharactersMax = 128;

    private ObjectPath(ObjectKind kind, string path) => (Kind, Name) = (kind, ObjectName.Parsed(path));

    /// <summary>What it is.</summary>
    public ObjectKind Kind { get; }

    /// <summary>The name, for a backend.</summary>
    public ObjectName Name { get; }

    /// <summary>Of what is named by a digest; of a signature, its snapshot.</summary>
    public Digest Digest { get; private init; }

    /// <summary>Of what lies in logs.</summary>
    public string? Domain { get; private init; }

    /// <summary>Of what belongs to a run.</summary>
    public string? Run { get; private init; }

    /// <summary>Of a seal or of records.</summary>
    public long Number { get; private init; }

    /// <summary>The last part of the path.</summary>
    public string Last => Name.Path[(Name.Path.LastIndexOf('/') + 1)..];

    /// <summary>Null when it is no object's path.</summary>
    public static ObjectPath? TryParse(string path) => path.Split('/') switch
    {
        ["format.toml"] => new(ObjectKind.Format, path),
        ["blocks", var head, var text] when Digest.TryParse(text, out var digest) && head == text[..2] => new(ObjectKind.Block, path) { Digest = digest },
        ["segments", var text] when Digest.TryParse(text, out var digest) => new(ObjectKind.Segment, path) { Digest = digest },
        ["snapshots", var text] when Digest.TryParse(text, out var digest) => new(ObjectKind.Snapshot, path) { Digest = digest },
        ["signatures", var text, var key] when Digest.TryParse(text, out var digest) && Digest.TryParse(key, out _) => new(ObjectKind.Signature, path) { Digest = digest },
        ["logs", var domain, "seals", var text] when IsPart(domain) && ObjectName.TryNumber(text, out var number) =>
            new(ObjectKind.Seal, path) { Domain = domain, Number = number },
        ["logs", var domain, "runs", var run, var text] when IsPart(domain) && IsPart(run) && ObjectName.TryNumber(text, out var number) =>
            new(ObjectKind.RunRecords, path) { Domain = domain, Run = run, Number = number },
        ["logs", var domain, "runs", var run, var text] when IsPart(domain) && IsPart(run) && IsPart(text) =>
            new(ObjectKind.RunObject, path) { Domain = domain, Run = run },
        _ => null,
    };

    /// <summary>Whether a text may be a domain, a run or the last part of a path: no separator, nothing hidden, no way up.</summary>
    public static bool IsPart(string text) =>
        text.Length is > 0 and <= PartCharactersMax && text[0] != '.' && !text.EndsWith(".unsealed", StringComparison.Ordinal)
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
