using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// The overlay's contract as rules/overlay.toml states it: which paths exist between SystemRescue and ASL, with mode, owner and
/// reason, and which content has no place there. Immutable; a contract that was loaded has no two rows for one path or clause.
/// </summary>
/// <param name="Name">The file it was read from, for messages.</param>
/// <param name="Digest">SHA-256 of that file's bytes, in lower-case hex.</param>
/// <param name="Parents">Mode and owner of the folders on the way to a path that have no row of their own.</param>
/// <param name="Rows">One for each path, in the order of the file.</param>
/// <param name="Units">What the sandbox of each unit allows.</param>
/// <param name="Forbidden">What no path may hold.</param>
public sealed record OverlayContract(
    string Name,
    string Digest,
    OverlayParents Parents,
    IReadOnlyList<OverlayRow> Rows,
    IReadOnlyList<OverlayUnit> Units,
    IReadOnlyList<ForbiddenContent> Forbidden)
{
    /// <summary>Where an installed overlay keeps its contract.</summary>
    public const string InstalledPath = "/etc/asl/rules/overlay.toml";

    /// <summary>Reads and checks the contract.</summary>
    /// <exception cref="AslException">The file cannot be read, or is no valid contract; says the line.</exception>
    public static OverlayContract Load(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new AslException(
                new AslError(ErrorCode.OverlayContractUnreadable, "the overlay's contract cannot be read")
                {
                    Where = path,
                    Why = problem.Message,
                    Fix = $"name the contract of the overlay that is checked; an installed overlay has it at {InstalledPath}",
                },
                problem);
        }
    }

    /// <summary>As <see cref="Load"/>, from bytes; <paramref name="name"/> is what messages call them.</summary>
    public static OverlayContract Parse(ReadOnlySpan<byte> bytes, string name)
    {
        var (parents, rows, units, forbidden) = OverlayContractReader.Read(Encoding.UTF8.GetString(bytes), name);
        return new OverlayContract(name, Convert.ToHexStringLower(SHA256.HashData(bytes)), parents, rows, units, forbidden);
    }

    /// <summary>The folders on the way to the rows that have no row of their own, "/" included, outermost first.</summary>
    public IEnumerable<string> ImpliedParents()
    {
        var rows = Rows.Select(row => row.Path).ToHashSet(StringComparer.Ordinal);
        return Rows.Where(row => row.IsInImage)
            .SelectMany(row => Above(row.Path))
            .Distinct(StringComparer.Ordinal)
            .Where(path => !rows.Contains(path))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>"/etc/asl" gives "/etc" and "/".</summary>
    internal static IEnumerable<string> Above(string path)
    {
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            yield return parent;
        }
    }
}

/// <summary>One path of the overlay.</summary>
public sealed record OverlayRow
{
    /// <summary>"OV-21": what findings and documents refer to.</summary>
    public required string Clause { get; init; }

    /// <summary>Absolute on the target, without a trailing slash.</summary>
    public required string Path { get; init; }

    public required OverlayKind Kind { get; init; }

    /// <summary>The permission bits; null for a link, which has none.</summary>
    public int? Mode { get; init; }

    public required OverlayOwner Owner { get; init; }

    public required OverlayClass Class { get; init; }

    /// <summary>What a link points to, as the link says it; null for everything else.</summary>
    public string? Target { get; init; }

    /// <summary>True when the schema names the path, false when we added it.</summary>
    public required bool IsFromSchema { get; init; }

    public required string Reason { get; init; }

    /// <summary>False for what systemd makes at run time: it exists on the live system only.</summary>
    public bool IsInImage => Class != OverlayClass.Runtime;
}

/// <summary>Folders that belong to the base system: the top layer of an overlay filesystem decides their mode, so it is pinned.</summary>
public sealed record OverlayParents(string Clause, int Mode, OverlayOwner Owner, string Reason);

/// <summary>What the sandbox of a unit must allow, and no more.</summary>
/// <param name="Clause">"OV-70".</param>
/// <param name="Name">The unit's file name; it has a row below /etc/systemd/system.</param>
/// <param name="Writes">The outermost paths that it may write to.</param>
/// <param name="Devices">Its DeviceAllow=, as systemd writes them.</param>
/// <param name="Reason">Why it needs that.</param>
public sealed record OverlayUnit(string Clause, string Name, IReadOnlyList<string> Writes, IReadOnlyList<string> Devices, string Reason)
{
    /// <summary>Where it lies on the target.</summary>
    public string Path => $"/etc/systemd/system/{Name}";
}

/// <summary>
/// Content that is state, identity or secret. The name pattern looks at the last part of a path, the content pattern at the
/// bytes of a file, each byte as one character (Latin-1); with kinds given, only at files whose row is of one of them.
/// </summary>
public sealed record ForbiddenContent(
    string Clause, string What, Regex? NamePattern, Regex? ContentPattern, IReadOnlyList<OverlayKind> Kinds, string Fix)
{
    internal bool LooksInto(OverlayKind? kind) => Kinds.Count == 0 || (kind is { } known && Kinds.Contains(known));
}

/// <summary>A user and a group by number: an image knows no names.</summary>
public readonly record struct OverlayOwner(uint User, uint Group)
{
    /// <summary>"root:root", or numbers.</summary>
    public override string ToString() => $"{Name(User)}:{Name(Group)}";

    private static string Name(uint id) => id == 0 ? "root" : $"{id}";
}

/// <summary>What lies at a path.</summary>
public enum OverlayKind
{
    /// <summary>A text file.</summary>
    File,

    Dir,

    Link,

    /// <summary>An executable in ELF format.</summary>
    Program,

    /// <summary>A shared library in ELF format.</summary>
    Library,
}

/// <summary>Who may change a path, and when it exists.</summary>
public enum OverlayClass
{
    /// <summary>Shipped, never written.</summary>
    Immutable,

    /// <summary>Shipped, changed by people only.</summary>
    Configuration,

    /// <summary>Shipped empty, written by the tools.</summary>
    State,

    /// <summary>Made by systemd at run time, never in the image.</summary>
    Runtime,

    /// <summary>Shipped empty; what is mounted there is not looked into.</summary>
    Mount,
}
