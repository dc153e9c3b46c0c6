using System.Globalization;
using System.Text;
using AslRescue.Audit.Disks;

namespace AslRescue.Audit.Report;

/// <summary>The disks of the machine with their write counters: what was written to while a run went on, and what was not.</summary>
internal static class DiskTable
{
    public static void Write(StringBuilder page, DiskLedger ledger)
    {
        page.Append("<h3>Disks</h3>\n");
        page.Append(ledger.Series.Count == 0
            ? "<p>No write counters of the machine's disks were recorded.</p>\n"
            : Markup.Table("disks", ["disk", "what it is", "what it was there for", "write counter", "written to meanwhile"], ledger.Series.Select(RowOf)));
    }

    /// <summary>What the disks below a source say; null when none was counted.</summary>
    public static string? Below(DiskLedger ledger, string source)
    {
        var below = ledger.Series.Where(series => series.Sources.Any(path => Text.Readable(path) == source)).ToList();
        return below.Count == 0 ? null : string.Join("<br>", below.Select(series => $"{Verdict(series)}, on the disk below it, {Markup.Code(series.Name)}"));
    }

    private static IReadOnlyList<string> RowOf(DiskSeries series) =>
    [
        Markup.Code($"{series.Name} {series.Number}"),
        series.Identity.Count == 0 ? "<span class=\"soft\">not known</span>" : Markup.Of(string.Join(", ", series.Identity)),
        Purpose(series),
        string.Join("<br>", series.Counters.Select(counter => Markup.Of(string.Create(CultureInfo.InvariantCulture,
            $"{counter.When}: {counter.Written}{(counter.Discarded == 0 ? "" : $" and {counter.Discarded} discarded")}"))).Append(Markup.Of($"in boot {series.Boot}"))),
        Verdict(series),
    ];

    private static string Purpose(DiskSeries series)
    {
        string[] purposes = [.. series.Sources.Select(path => $"source {path}"), .. series.Holds];
        return purposes.Length == 0 ? "<span class=\"soft\">nothing: a bystander</span>" : Markup.Of(string.Join(", ", purposes));
    }

    private static string Verdict(DiskSeries series) =>
        !series.IsTold ? "<span class=\"soft\">counted once, so nothing can be told</span>"
        : series.IsAgainstExpectation ? Yes("wrongtext", string.Create(CultureInfo.InvariantCulture, $"{series.SectorsWhileRead} sectors while it was read, and nobody was seen who may write"))
        : series.Sectors == 0 ? "<span class=\"fine\">no</span>"
        : series.Holds.Count > 0 ? Yes("soft", string.Create(CultureInfo.InvariantCulture, $"{series.Sectors} sectors, as what it holds is"))
        : series.Sources.Count > 0 && !series.IsQuiet ? Yes("soft", string.Create(CultureInfo.InvariantCulture, $"{series.Sectors} sectors; something on it may be written to"))
        : Yes("wrongtext", string.Create(CultureInfo.InvariantCulture, $"{series.Sectors} sectors{(series.SectorsWhileRead == 0 ? ", before anything was read" : "")}"));

    private static string Yes(string css, string why) => $"<span class=\"{css}\">yes</span>: {Markup.Of(why)}";
}
