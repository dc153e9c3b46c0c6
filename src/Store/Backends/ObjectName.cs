using System.Globalization;
using AslRescue.Shared;

namespace AslRescue.Store.Backends;

/// <summary>The path of an object below the store: docs/store-format.md, Layout.</summary>
public readonly record struct ObjectName
{
    private ObjectName(string path) => Path = path;

    /// <summary>With forward slashes, without a leading one.</summary>
    public string Path { get; }

    public static ObjectName Format => new("format.toml");

    public static ObjectName Block(Digest name)
    {
        var text = name.ToString();
        return new($"blocks/{text[..2]}/{text}");
    }

    public static ObjectName Segment(Digest name) => new($"segments/{name}");

    public static ObjectName Snapshot(Digest name) => new($"snapshots/{name}");

    /// <param name="domain">The domain's id.</param>
    /// <param name="number">From 1.</param>
    public static ObjectName Seal(string domain, long number) => new($"{SealsFolder(domain)}/{Number(number)}");

    /// <summary>Journal lines of a run, from record <paramref name="sequence"/> on.</summary>
    public static ObjectName RunRecords(string domain, string run, long sequence) => new($"{RunFolder(domain, run)}/{Number(sequence)}");

    /// <summary>An object that a run's journal refers to by digest.</summary>
    public static ObjectName RunObject(string domain, string run, string name) => new($"{RunFolder(domain, run)}/{name}");

    /// <summary>A step of the lease on a run: <see cref="LeaseObjects"/>.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="run">The run's.</param>
    /// <param name="number">From 1.</param>
    public static ObjectName Lease(string domain, string run, long number) => new($"{LeasesFolder(domain, run)}/{Number(number)}");

    public static string LeasesFolder(string domain, string run) => $"leases/{domain}/{run}";

    public static string SealsFolder(string domain) => $"logs/{domain}/seals";

    public static string RunsFolder(string domain) => $"logs/{domain}/runs";

    public static string RunFolder(string domain, string run) => $"{RunsFolder(domain)}/{run}";

    /// <summary>A signature of a snapshot.</summary>
    /// <param name="snapshot">Its name.</param>
    /// <param name="key">The public key, 64 hexadecimal digits.</param>
    public static ObjectName Signature(Digest snapshot, string key) => new($"signatures/{snapshot}/{key}");

    /// <summary>The empty object that says that a domain has given a server a block or segment (docs/backend-protocol.md, Roles).</summary>
    public static ObjectName Given(string domain, Digest name) => new($"given/{domain}/{name}");

    /// <summary>A name that <see cref="ObjectPath.TryParse"/> has understood.</summary>
    internal static ObjectName Parsed(string path) => new(path);

    /// <summary>Ten digits, so that names sort as numbers.</summary>
    public static string Number(long number) => number.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="Number"/> writes.</summary>
    public static bool TryNumber(string text, out long number)
    {
        number = 0;
        return text.Length == 10 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
