using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>A folder of a snapshot, or one entry with all that is kept of it.</summary>
internal static class TreePages
{
    private const int EntriesShown = 1000;
    private const int RangesShown = 1000;
    private const long ProblemsRead = 20_000;

    internal static async Task ShowAsync(HttpContext context, Place place, OpenedSnapshot opened)
    {
        var page = Place.Number(context, "page", 1);
        var (title, main) = await Task.Run(() => Page(place, opened, page), context.RequestAborted);
        await Layout.SendAsync(context, title, Way(place, opened.Snapshot), main);
    }

    private static (string Title, Html Main) Page(Place place, OpenedSnapshot opened, long page)
    {
        var entry = opened.Find(place.Source, place.Path);
        var title = entry.Name.Length == 0 ? Words.Path(opened.Snapshot.Sources[place.Source].Path) : Printable.Bytes(entry.Name);
        return (title, entry.Kind == EntryKind.Directory ? Folder(place, opened, entry, page) : Single(place, opened.Tree, entry));
    }

    private static List<Crumb> Way(Place place, Snapshot snapshot)
    {
        List<Crumb> way = [new("Domains", "/ui/"), new(place.Domain, place.DomainUrl), new($"{place.Snapshot.Short}…", place.SnapshotUrl)];
        var here = place with { Path = [] };
        way.Add(new(Words.Path(snapshot.Sources[place.Source].Path), here.Url));
        foreach (var part in place.Path.AsSpan().Split((byte)'/'))
        {
            if (place.Path[part] is { Length: > 0 } name)
            {
                here = here.Below(name);
                way.Add(new(Printable.Bytes(name), here.Url));
            }
        }

        way[^1] = way[^1] with { Url = null };
        return way;
    }

    private static Html Folder(Place place, OpenedSnapshot opened, Entry folder, long page)
    {
        var (below, total) = ProblemsBelow(place, opened);
        var last = Math.Max((folder.Size + EntriesShown - 1) / EntriesShown, 1);
        page = Math.Min(page, last);
        var skipped = (int)Math.Min((page - 1) * EntriesShown, int.MaxValue);
        var rows = opened.Tree.Listing(folder).Skip(skipped).Take(EntriesShown)
            .Select(entry => Row(place.Below(entry.Name), opened.Tree, entry, below.GetValueOrDefault(Printable.Bytes(entry.Name)))).ToList();
        return Html.Of(
            $"""
            <p class="quiet"><code>{Words.Mode(folder)}</code> · {folder.User}:{folder.Group} · modified {Words.Time(folder.Modified)}</p>
            <p class="actions"><a class="button" href="{place.TarUrl}">Download this folder as tar</a> {Marks.Of(opened.Tree, folder, total)}</p>
            {(total == 0 ? null : Html.Of($"""<p class="quiet">What could not be read is zeros in the archive; ASL-BAD-RANGES.txt at its end lists it.</p>"""))}
            <div class="scroll"><table class="entries">
            <caption>{Quantity.Count(folder.Size, "entry", "entries")}{(last == 1 ? "" : $", page {Words.Number(page)} of {Words.Number(last)}")}</caption>
            <thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col" class="number">Size</th><th scope="col">Mode</th><th scope="col">Owner</th><th scope="col">Modified</th><th scope="col">Notes</th><th scope="col">Download</th></tr></thead>
            <tbody>
            {new Html().AddAll(rows, row => row)}
            </tbody>
            </table></div>
            {Pages(place, page, last)}
            """);
    }

    private static Html Row(Place place, TreeReader tree, Entry entry, long problemsBelow)
    {
        var name = Printable.Bytes(entry.Name);
        return Html.Of(
            $"""
            <tr class="{(entry.Kind == EntryKind.Directory ? "folder" : "leaf")}"><th scope="row"><a href="{place.Url}">{name}{(entry.Kind == EntryKind.Directory ? "/" : "")}</a></th>
            <td>{Words.Kind(entry.Kind)}</td><td class="number">{Size(entry)}</td><td><code>{Words.Mode(entry)}</code></td><td>{entry.User}:{entry.Group}</td>
            <td class="time">{Words.Time(entry.Modified)}</td><td>{Marks.Of(tree, entry, problemsBelow)}</td><td>{Link(place, entry, name)}</td></tr>
            """);
    }

    private static string Size(Entry entry) => entry.HasBytes ? Quantity.Bytes(entry.Size) : entry.Kind == EntryKind.Directory ? Quantity.Count(entry.Size, "entry", "entries") : "";

    private static Html? Link(Place place, Entry entry, string name) => entry.HasBytes
        ? Html.Of($"""<a href="{place.FileUrl}" aria-label="Download {name}">file</a>""")
        : entry.Kind == EntryKind.Directory ? Html.Of($"""<a href="{place.TarUrl}" aria-label="Download {name} as tar">tar</a>""") : null;

    private static Html? Pages(Place place, long page, long last)
    {
        if (last == 1)
        {
            return null;
        }

        var separator = place.Path.Length == 0 ? "?" : "&";
        var earlier = page > 1 ? Html.Of($"""<a rel="prev" href="{place.Url}{separator}page={page - 1}">Earlier names</a>""") : null;
        var later = page < last ? Html.Of($"""<a rel="next" href="{place.Url}{separator}page={page + 1}">Later names</a>""") : null;
        return Html.Of($"""<nav class="pages" aria-label="Pages">{earlier} <span>page {page} of {last}</span> {later}</nav>""");
    }

    /// <summary>For each name in the folder, how many problems lie below it: so that one finds the way to them. Not counted where a snapshot has very many.</summary>
    private static (Dictionary<string, long> Counts, long Total) ProblemsBelow(Place place, OpenedSnapshot opened)
    {
        var (counts, total) = (new Dictionary<string, long>(), 0L);
        if (opened.Snapshot.ProblemCount is 0 or > ProblemsRead)
        {
            return (counts, total);
        }

        var start = place.Path.Length == 0 ? 0 : place.Path.Length + 1;
        foreach (var problem in opened.Tree.Problems(opened.Snapshot.Problems).Where(problem => problem.Source == place.Source && IsBelow(problem.Path, place.Path)))
        {
            total++;
            var end = Array.IndexOf(problem.Path, (byte)'/', start);
            if (end > 0)
            {
                var name = Printable.Bytes(problem.Path.AsSpan(start, end - start));
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }
        }

        return (counts, total);
    }

    private static bool IsBelow(byte[] path, byte[] folder) =>
        path.Length > folder.Length && path.AsSpan().StartsWith(folder) && (folder.Length == 0 || path[folder.Length] == (byte)'/');

    private static Html Single(Place place, TreeReader tree, Entry entry)
    {
        var ranges = BadRanges.Of(tree, entry).Take(RangesShown + 1).ToList();
        var missing = ranges.Count == 0 ? 0 : BadRanges.Bytes(tree, entry);
        return Html.Of(
            $"""
            {(missing == 0 ? null : Html.Of($"""<p class="alert"><strong>⚠ {Quantity.Count(missing, "byte", "bytes")} of {Words.Number(entry.Size)} are missing:</strong> they could not be read from the source, and nobody knows them. In a download zeros stand for them.</p>"""))}
            {(entry.HasBytes ? Html.Of($"""<p class="actions"><a class="button" href="{place.FileUrl}">Download {Quantity.Bytes(entry.Size)}</a></p>""") : null)}
            <dl>
            {Fact("Kind", Words.Kind(entry.Kind))}
            {(entry.HasBytes ? Fact("Size", Quantity.Count(entry.Size, "byte", "bytes")) : null)}
            {(entry.Kind is EntryKind.Image or EntryKind.Unknown ? null : Status(entry))}
            {Fact("Points to", entry.Target is { } target ? Printable.Bytes(target) : null)}
            {Fact("Device", entry.Device is var (major, minor) ? string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}") : null)}
            {Fact("Same file as", entry.HardLink is { } first ? "/" + Printable.Bytes(first) : null)}
            {Fact("Attributes", string.Join(", ", entry.Attributes.Select(attribute => $"{Printable.Bytes(attribute.Name)} ({Quantity.Count(attribute.Value.Length, "byte", "bytes")})")))}
            {Fact("Problems", string.Join("; ", entry.Problems.Select(Words.Problem)))}
            </dl>
            {Ranges(ranges)}
            """);
    }

    private static Html Status(Entry entry) => Html.Of(
        $"<dt>Mode</dt><dd><code>{Words.Mode(entry)}</code></dd><dt>Owner</dt><dd>{entry.User}:{entry.Group}</dd><dt>Modified</dt><dd>{Words.Time(entry.Modified)}</dd>");

    private static Html? Fact(string label, string? value) => string.IsNullOrEmpty(value) ? null : Html.Of($"<dt>{label}</dt><dd>{value}</dd>");

    private static Html? Ranges(List<(long Start, ContentItem Item)> ranges) => ranges.Count == 0 ? null : Html.Of(
        $"""
        <div class="scroll"><table>
        <caption>Bad ranges{(ranges.Count > RangesShown ? $": the first {Words.Number(RangesShown)}; asl-admin export --mapfile lists all" : "")}</caption>
        <thead><tr><th scope="col" class="number">First byte</th><th scope="col" class="number">Last byte</th><th scope="col" class="number">Bytes</th><th scope="col">Why</th></tr></thead>
        <tbody>
        {new Html().AddAll(ranges.Take(RangesShown), range => Html.Of(
            $"""<tr><td class="number">{Words.Number(range.Start)}</td><td class="number">{Words.Number(range.Start + range.Item.Length - 1)}</td><td class="number">{Words.Number(range.Item.Length)}</td><td>{Words.BadRange(range.Item.Detail)}</td></tr>"""))}
        </tbody>
        </table></div>
        """);
}
