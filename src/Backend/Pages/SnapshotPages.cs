using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>The facts of a snapshot, its sources and its problems.</summary>
internal sealed class SnapshotPages(DomainPages domains)
{
    private const int ProblemsShown = 500;

    internal async Task ShowAsync(HttpContext context, Place place, OpenedSnapshot opened)
    {
        var main = await Task.Run(() => Page(place, opened), context.RequestAborted);
        await Layout.SendAsync(context, $"Snapshot {place.Snapshot.Short}…",
            [new("Domains", "/ui/"), new(place.Domain, place.DomainUrl), new($"{place.Snapshot.Short}…", null)], main);
    }

    private Html Page(Place place, OpenedSnapshot opened)
    {
        var snapshot = opened.Snapshot;
        var seal = domains.SealOf(place.Domain, opened.Name);
        return Html.Of(
            $"""
            {(seal is null ? Html.Of($"""<p class="alert">No seal was found for this snapshot: it may not count.</p>""") : null)}
            {Sources(place, opened)}
            {Problems(place, opened)}
            <h2>Facts</h2>
            <dl>
            {Fact("Seal", seal is null ? null : $"{Words.Number(seal.Number)}, {Words.Time(seal.Wall)}")}
            {Coded("Snapshot", opened.Name)}
            {Coded("Root", snapshot.Root)}
            {Fact("Run", snapshot.Run)}
            {Base(place, snapshot)}
            {Fact("Begun", Words.Time(snapshot.Started))}
            {Fact("Ended", Words.Time(snapshot.Created))}
            {Fact("Case", snapshot.Case.Case)}
            {Fact("Examiner", snapshot.Case.Examiner)}
            {Fact("Note", snapshot.Case.Note)}
            {Fact("Holds", $"{Quantity.Count(snapshot.Counts.Entries, "entry", "entries")}: {Quantity.Count(snapshot.Counts.Files, "file", "files")} of {Quantity.Bytes(snapshot.Counts.SourceBytes)} in {Quantity.Count(snapshot.Counts.Directories, "folder", "folders")}")}
            {Fact("Read", $"{Quantity.Bytes(snapshot.Counts.ReadBytes)}; {Quantity.Count(snapshot.Counts.UnchangedFiles, "file", "files")} unchanged since the base")}
            {Fact("Added", $"{Quantity.Bytes(snapshot.Counts.AddedRawBytes)} as {Quantity.Bytes(snapshot.Counts.AddedStoredBytes)} in {Quantity.Count(snapshot.Blocks.Count, "block", "blocks")}")}
            {Fact("Made by", $"{snapshot.Origin.Program} with {snapshot.Origin.Compressor} on {snapshot.Origin.Host}")}
            {Fact("Evidence", string.Join(", ", snapshot.Evidence.Select(item => item.Name)))}
            </dl>
            """);
    }

    private static Html? Fact(string label, string? value) => string.IsNullOrEmpty(value) ? null : Html.Of($"<dt>{label}</dt><dd>{value}</dd>");

    private static Html Coded(string label, Digest digest) => Html.Of($"<dt>{label}</dt><dd><code>{digest}</code></dd>");

    private static Html? Base(Place place, Snapshot snapshot) => snapshot.Base is not { } found ? null
        : Html.Of($"""<dt>Base</dt><dd>seal {found.Seal}, <a href="{place.DomainUrl}/{found.Snapshot}"><code>{found.Snapshot.Short}…</code></a></dd>""");

    private static Html Sources(Place place, OpenedSnapshot opened)
    {
        var roots = opened.Tree.Roots(opened.Snapshot.Root);
        var rows = opened.Snapshot.Sources.Zip(roots).Select((pair, index) => SourceRow(place with { Source = index }, opened, pair.First, pair.Second));
        return Html.Of(
            $"""
            <div class="scroll"><table>
            <caption>{Quantity.Count(roots.Count, "source", "sources")}</caption>
            <thead><tr><th scope="col">Source</th><th scope="col">Kind</th><th scope="col">Holds</th><th scope="col">Of</th><th scope="col">Notes</th></tr></thead>
            <tbody>
            {new Html().AddAll(rows, row => row)}
            </tbody>
            </table></div>
            """);
    }

    private static Html SourceRow(Place place, OpenedSnapshot opened, SnapshotSource source, Entry root) => Html.Of(
        $"""
        <tr><th scope="row"><a href="{place.Url}">{Words.Path(source.Path)}</a></th><td>{Words.Kind(root.Kind)}</td>
        <td>{(root.HasBytes ? $"{Quantity.Bytes(root.Size)} ({Words.Number(root.Size)} bytes)" : root.Kind == EntryKind.Directory ? Quantity.Count(root.Size, "entry", "entries") : "")}</td>
        <td>{(source.Image is { } image ? Image(image) : source.Parent is { } parent ? Html.Of($"read against <code>{parent.Short}…</code>") : null)}</td>
        <td>{Marks.Of(opened.Tree, root)}</td></tr>
        """);

    private static Html Image(SnapshotImage image) => Html.Of(
        $"""
        <dl class="tight">
        {Fact("Model", image.Model)}
        {Fact("Serial", image.Serial)}
        {Fact("World-wide name", image.WorldWideName)}
        {Fact("Starts at", image.Start == 0 ? null : $"byte {Words.Number(image.Start)} of its disk")}
        {Fact("Sectors", $"{Words.Number(image.LogicalSector)} / {Words.Number(image.PhysicalSector)} bytes")}
        {(image.Sha256 is { } digest ? Coded("SHA-256", digest) : Fact("SHA-256", "none: bytes are missing, or it was not asked for"))}
        {new Html().AddAll(image.Writes, Writes)}
        {Fact("Read-only", image.IsReadOnly ? "the kernel refused writes to it" : "no")}
        </dl>
        """);

    private static Html Writes(WriteCount count) => count.Before == count.After
        ? Html.Of($"<dt>Write counter</dt><dd>{Words.Number(count.Before)} before and after: nothing wrote to it</dd>")
        : Html.Of($"""<dt>Write counter</dt><dd><span class="bad">⚠ {Words.Number(count.Before)} before, {Words.Number(count.After)} after: it was written to while it was read</span></dd>""");

    private static Html? Problems(Place place, OpenedSnapshot opened)
    {
        var count = opened.Snapshot.ProblemCount;
        if (count == 0)
        {
            return null;
        }

        var rows = opened.Tree.Problems(opened.Snapshot.Problems).Take(ProblemsShown).ToList();
        var more = count > rows.Count ? $"; the first {Words.Number(rows.Count)} are shown, asl-admin show --problems lists all" : "";
        return Html.Of(
            $"""
            <details open><summary><h2>Problems</h2></summary>
            <div class="scroll"><table>
            <caption>{Quantity.Count(count, "entry is", "entries are")} not surely what the source held{more}</caption>
            <thead><tr><th scope="col">Path</th><th scope="col">Problem</th><th scope="col">Reason</th></tr></thead>
            <tbody>
            {new Html().AddAll(rows, problem => ProblemRow(place, opened.Snapshot, problem))}
            </tbody>
            </table></div>
            </details>
            """);
    }

    private static Html ProblemRow(Place place, Snapshot snapshot, Problem problem)
    {
        var source = problem.Source >= 0 && problem.Source < snapshot.Sources.Count ? Printable.Bytes(snapshot.Sources[problem.Source].Path) : "?";
        var where = place with { Source = problem.Source, Path = problem.Path };
        var path = problem.Path.Length == 0 ? source : $"{source}/{Printable.Bytes(problem.Path)}";
        return Html.Of($"""<tr><th scope="row"><a href="{where.Url}">{path}</a></th><td><span class="bad">⚠ {Words.Problem(problem.Kind)}</span></td><td>{problem.Text}</td></tr>""");
    }
}
