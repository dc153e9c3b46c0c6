using System.Globalization;
using System.Text;
using AslRescue.Audit.Replay;

namespace AslRescue.Audit.Report;

/// <summary>
/// One page that tells a run to somebody who was not there: what was decided and why, each state, who approved, what failed, what could
/// not be read, and the digests to check by hand. It loads nothing from anywhere and runs no script, so that it can be filed and printed.
/// </summary>
/// <param name="result">Verified and replayed.</param>
/// <param name="maps">Damage maps, by run; those that could not be read out of a store are simply not drawn.</param>
/// <param name="program">Who made the page: "asl-admin 0.1.0".</param>
/// <param name="made">When, by the auditor's clock.</param>
public sealed class HtmlReport(AuditResult result, IReadOnlyDictionary<string, IReadOnlyList<DamageMap>> maps, string program, DateTimeOffset made)
{
    private const string Style = """
        :root { color-scheme: light; --ink: #1b1f24; --soft: #5b6570; --line: #d5dae0; --good: #1f7a4d; --bad: #b3261e; --warn: #8a5a00; --tint: #f5f7f9; }
        * { box-sizing: border-box; }
        body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: #fff; }
        h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; border-bottom: 2px solid var(--line); padding-bottom: .2rem; } h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem; }
        p { margin: .4rem 0; } code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
        .soft { color: var(--soft); } .verdict { border-left: 6px solid; padding: .6rem 1rem; margin: 1rem 0; background: var(--tint); }
        .holds { border-color: var(--good); } .unanchored { border-color: var(--warn); } .broken { border-color: var(--bad); }
        .verdict strong { font-size: 1.1rem; } .holds strong { color: var(--good); } .unanchored strong { color: var(--warn); } .broken strong { color: var(--bad); }
        table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9em; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        th { color: var(--soft); font-weight: 600; white-space: nowrap; } td:first-child { white-space: nowrap; } td.long { overflow-wrap: anywhere; } tr.hit td, td .hit { font-weight: 600; } .wrongtext { color: var(--bad); font-weight: 600; } .fine { color: var(--good); font-weight: 600; }
        dl { display: grid; grid-template-columns: 11rem 1fr; gap: .1rem 1rem; margin: .5rem 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; display: block; margin: .5rem 0; } svg text { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--soft); }
        .lane { stroke: var(--line); } .path { stroke: #2f5d8a; stroke-width: 2.5; } .step { fill: #2f5d8a; } .step.wrong { fill: var(--bad); } .good { fill: #d9ebe1; stroke: var(--good); } .bad { fill: var(--bad); }
        pre { background: var(--tint); padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .82em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
        @media print { body { max-width: none; padding: 0; font-size: 10.5pt; } h2, h3 { break-after: avoid; } tr, svg, dl, .verdict { break-inside: avoid; } .verdict, pre { background: none; border: 1px solid var(--line); border-left-width: 6px; } @page { margin: 16mm; } }
        """;

    /// <summary>The page.</summary>
    public string Write()
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Audit report</title>\n<style>\n").Append(Style).Append("\n</style></head><body>\n");
        page.Append("<h1>Audit report</h1>\n<p class=\"soft\">").Append(Markup.Of($"made by {program} on {made.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, from the evidence alone")).Append("</p>\n");
        Verdict(page, result.Standing, Summary());
        List(page, result.Findings);
        for (var index = 0; index < result.Runs.Count; index++)
        {
            new RunSection(result.Runs[index], result.Replays[index], maps.GetValueOrDefault(result.Runs[index].Run)).Write(page);
        }

        return page.Append("</body></html>\n").ToString();
    }

    /// <summary>A verdict in a box.</summary>
    internal static void Verdict(StringBuilder page, Standing standing, string html)
    {
        var word = standing switch
        {
            Standing.Holds => "It holds.",
            Standing.Unanchored => "It holds together, but is not anchored.",
            _ => "It does not hold.",
        };
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"verdict {standing.ToString().ToLowerInvariant()}\"><strong>{word}</strong> {html}</div>\n");
    }

    /// <summary>What is wrong, as a table; nothing where nothing is.</summary>
    internal static void List(StringBuilder page, IReadOnlyList<Finding> findings)
    {
        if (findings.Count > 0)
        {
            page.Append(Markup.Table("findings", ["finding", "where", "why"], findings.Select(finding => (IReadOnlyList<string>)
                [$"<span class=\"wrongtext\">{finding.Word}</span>", Markup.Of(finding.Where), Markup.Of(finding.Why)])));
        }
    }

    private string Summary()
    {
        var wrong = result.Findings.Count + result.Runs.Sum(run => run.Findings.Count) + result.Replays.Sum(replay => replay.Findings.Count);
        var runs = result.Runs.Count == 1 ? "1 run" : $"{result.Runs.Count} runs";
        return result.Standing switch
        {
            Standing.Holds => $"{runs}: chains, seals and documents agree, and every decision and transition, made once more by the recorded rules, comes out as recorded.",
            Standing.Unanchored => $"{runs}: nothing is wrong with what is here, but no seal or signed checkpoint vouches for all of it.",
            _ => $"{runs}: {(wrong == 1 ? "1 thing is" : $"{wrong} things are")} not as they must be; each is named below.",
        };
    }
}
