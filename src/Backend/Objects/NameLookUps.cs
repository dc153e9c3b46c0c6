using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Objects;

/// <summary>
/// Which blocks and segments a domain has, for one check that asks for very many: a folder of which many names are asked for is listed, since a bucket answers a thousand names in the time that
/// it takes to look up one. What a list lacks is looked up all the same. Any thread; for no longer than one check, since lists grow old.
/// </summary>
/// <param name="storage">The store.</param>
/// <param name="domains">Answers for single names.</param>
/// <param name="domain">Whose they are.</param>
internal sealed class NameLookUps(IBackend storage, DomainObjects domains, string domain)
{
    // Before a folder is listed. Those of blocks are 256, and a check that asks for so many of one asks for as many of each; the others have all names in one.
    private const int BlockLookUpsMax = 16;
    private const int LookUpsMax = 1000;
    private const int ListedMax = 1 << 20; // They are kept in memory; beyond, names are looked up.
    private readonly ConcurrentDictionary<string, Folder> _folders = new(StringComparer.Ordinal);
    private int _listed;

    /// <summary>Whether the domain may name a block or segment, and it is there.</summary>
    internal bool Has(ObjectName name, Digest digest) =>
        (domains.IsRemembered(domain, digest) || IsListed(ObjectName.Given(domain, digest), digest) || domains.MayName(domain, digest))
        && (IsListed(name, digest) || domains.Exists(name));

    private bool IsListed(ObjectName name, Digest digest) =>
        _folders.GetOrAdd(name.Path[..name.Path.LastIndexOf('/')], path => new Folder(() => Listed(path), path.StartsWith("blocks/", StringComparison.Ordinal) ? BlockLookUpsMax : LookUpsMax)).Has(digest);

    private HashSet<Digest> Listed(string path)
    {
        if (Volatile.Read(ref _listed) >= ListedMax)
        {
            return [];
        }

        HashSet<Digest> names = [.. storage.List(path).Where(item => !item.IsFolder && Digest.TryParse(item.Name, out _)).Select(item => Digest.Parse(item.Name))];
        return Interlocked.Add(ref _listed, names.Count) <= ListedMax ? names : [];
    }

    private sealed class Folder(Func<HashSet<Digest>> list, int lookUpsMax)
    {
        private readonly Lazy<HashSet<Digest>> _names = new(list);
        private int _lookUps;

        internal bool Has(Digest name) => Interlocked.Increment(ref _lookUps) > lookUpsMax && _names.Value.Contains(name);
    }
}
