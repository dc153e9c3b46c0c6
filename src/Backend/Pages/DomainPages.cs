using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>
/// Domains, and the snapshots of one. Seals are read from the newest on and each by itself; that the chain has no gap is what
/// <c>asl-admin verify</c> checks.
/// </summary>
internal sealed class DomainPages(IBackend storage)
{
    private const int SealsShown = 50;
    private const int SourcesShown = 3;
    private const int KeptMax = 4096;

    // What rows say of snapshots, which never changes: a snapshot itself may be large.
    private readonly ConcurrentDictionary<Digest, Summary> _kept = [];

    /// <summary>All domains that the caller may see.</summary>
    internal async Task ListDomainsAsync(HttpContext context)
    {
        var caller = context.Caller();
        var rows = await Task.Run(() => SealLog.ListDomains(storage).Where(caller.MayUse).Select(DomainRow).ToList(), context.RequestAborted);
        var table = rows.Count == 0 ? Html.Of($"<p>{Nothing(caller)}</p>") : Html.Of(
            $"""
            <div class="scroll"><table>
            <caption>{Quantity.Count(rows.Count, "domain", "domains")}</caption>
            <thead><tr><th scope="col">Domain</th><th scope="col" class="number">Seals</th><th scope="col">Newest seal</th><th scope="col">Its sources</th><th scope="col" class="number">Bytes</th><th scope="col">Problems</th></tr></thead>
            <tbody>
            {new Html().AddAll(rows, row => row)}
            </tbody>
            </table></div>
            """);
        await Layout.SendAsync(context, "Domains", [], table);
    }

    /// <summary>The snapshots of a domain, newest first.</summary>
    internal async Task ListSnapshotsAsync(HttpContext context)
    {
        var place = Place.Of(context);
        var before = Place.Number(context, "before", long.MaxValue);
        var numbers = await Task.Run(() => storage.ListNumbers(ObjectName.SealsFolder(place.Domain)), context.RequestAborted);
        if (numbers.Count == 0)
        {
            throw OpenedSnapshot.Missing("nothing is sealed in such a domain");
        }

        var shown = numbers.Where(number => number < before).TakeLast(SealsShown).Reverse().ToList();
        var rows = await Task.Run(() => shown.Select(number => SnapshotRow(place, number)).ToList(), context.RequestAborted);
        var older = shown.Count > 0 && shown[^1] > numbers[0] ? Html.Of($"""<a rel="next" href="{place.DomainUrl}?before={shown[^1]}">Older seals</a>""") : null;
        var newest = before < long.MaxValue ? Html.Of($"""<a href="{place.DomainUrl}">Newest seals</a>""") : null;
        await Layout.SendAsync(context, place.Domain, [new("Domains", "/ui/"), new(place.Domain, null)], Html.Of(
            $"""
            <div class="scroll"><table>
            <caption>{Quantity.Count(numbers.Count, "sealed snapshot", "sealed snapshots")}, newest first</caption>
            <thead><tr><th scope="col" class="number">Seal</th><th scope="col">Sealed</th><th scope="col">Snapshot</th><th scope="col">Run</th><th scope="col">Sources</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Bytes</th><th scope="col">Problems</th></tr></thead>
            <tbody>
            {new Html().AddAll(rows, row => row)}
            </tbody>
            </table></div>
            <p class="pages">{newest} {older}</p>
            """));
    }

    /// <summary>The seal of a snapshot, looked for among the newest ones; null when it is not among them.</summary>
    internal Seal? SealOf(string domain, Digest snapshot, int lookedAt = 1000)
    {
        try
        {
            return storage.ListNumbers(ObjectName.SealsFolder(domain)).Reverse().Take(lookedAt).Select(number => Read(domain, number)).FirstOrDefault(seal => seal.Snapshot == snapshot);
        }
        catch (AslException damaged) when (damaged.Error.Code is ErrorCode.LogCorrupt or ErrorCode.ObjectMissing)
        {
            return null; // The snapshot can be read without it.
        }
    }

    /// <summary>Sources in a few words.</summary>
    internal static string Sources(Snapshot snapshot)
    {
        var first = string.Join(", ", snapshot.Sources.Take(SourcesShown).Select(source => Printable.Bytes(source.Path)));
        return snapshot.Sources.Count <= SourcesShown ? first : string.Create(CultureInfo.InvariantCulture, $"{first} and {snapshot.Sources.Count - SourcesShown} more");
    }

    /// <summary>How many problems, so that it is seen without colours.</summary>
    internal static Html Problems(long count) => count == 0 ? Html.Of($"""<span class="quiet">none</span>""")
        : Html.Of($"""<span class="bad">⚠ {Quantity.Count(count, "problem", "problems")}</span>""");

    private static string Nothing(Client caller) => caller.Domains.Contains(Client.AnyDomain) ? "Nothing is sealed in this store yet."
        : $"Nothing is sealed yet in {string.Join(", ", caller.Domains)}.";

    private Html DomainRow(string domain)
    {
        var numbers = storage.ListNumbers(ObjectName.SealsFolder(domain));
        var head = Html.Of($"""<tr><th scope="row"><a href="/ui/{domain}">{domain}</a></th><td class="number">{Words.Number(numbers.Count)}</td>""");
        return numbers.Count == 0 ? head.Add($"""<td colspan="4" class="quiet">nothing is sealed</td></tr>""") : Guarded(head, 4, () =>
        {
            var seal = Read(domain, numbers[^1]);
            var summary = SummaryOf(seal.Snapshot);
            return Html.Of($"""<td><a href="/ui/{domain}/{seal.Snapshot}">{Words.Time(seal.Wall)}</a></td><td>{summary.Sources}</td><td class="number">{Quantity.Bytes(summary.Bytes)}</td><td>{Problems(summary.Problems)}</td>""");
        });
    }

    private Html SnapshotRow(Place place, long number) => Guarded(Html.Of($"""<tr><th scope="row" class="number">{number}</th>"""), 7, () =>
    {
        var seal = Read(place.Domain, number);
        var summary = SummaryOf(seal.Snapshot);
        return Html.Of($"""<td class="time">{Words.Time(seal.Wall)}</td><td><a href="{place.DomainUrl}/{seal.Snapshot}"><code>{seal.Snapshot.ToString()[..16]}…</code></a></td><td>{seal.Run}</td><td>{summary.Sources}</td><td class="number">{Words.Number(summary.Entries)}</td><td class="number">{Quantity.Bytes(summary.Bytes)}</td><td>{Problems(summary.Problems)}</td>""");
    });

    /// <summary>A row whose object is damaged says so, and the others are still shown.</summary>
    private static Html Guarded(Html head, int columns, Func<Html> cells)
    {
        try
        {
            return head.Add($"{cells()}</tr>");
        }
        catch (AslException damaged) when (ExitCodes.For(damaged.Error.Code) == ExitCodes.StoreDamaged)
        {
            return head.Add($"""<td colspan="{columns}"><span class="bad">⚠ {damaged.Error.What}: {damaged.Error.Why}</span></td></tr>""");
        }
    }

    private Seal Read(string domain, long number) =>
        new SealLog(storage, domain).Parse(number, storage.ReadAll(ObjectName.Seal(domain, number), JournalLine.BytesMax));

    private Summary SummaryOf(Digest name)
    {
        if (_kept.TryGetValue(name, out var known))
        {
            return known;
        }

        var snapshot = SnapshotCodec.Load(storage, name);
        if (_kept.Count >= KeptMax)
        {
            _kept.Clear();
        }

        return _kept[name] = new(Sources(snapshot), snapshot.Counts.Entries, snapshot.Counts.SourceBytes, snapshot.ProblemCount);
    }

    private sealed record Summary(string Sources, long Entries, long Bytes, long Problems);
}
