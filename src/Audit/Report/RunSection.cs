using System.Globalization;
using System.Text;
using System.Text.Json;
using AslRescue.Audit.Replay;
using AslRescue.Audit.Seals;

namespace AslRescue.Audit.Report;

/// <summary>One run of the report.</summary>
internal sealed class RunSection(RunAudit run, MachineReplay replay, IReadOnlyList<DamageMap>? maps)
{
    private static readonly string[] PeopleEvidence = ["approval", "denial", "cancellation", "source"];

    public void Write(StringBuilder page)
    {
        page.Append("<h2>Run ").Append(Markup.Of(run.Run)).Append("</h2>\n");
        Standing standing = replay.Findings.Count > 0 ? Standing.Broken : run.Standing;
        HtmlReport.Verdict(page, standing, Markup.Of(run.Records.Count == 0
            ? "Its journal is not here."
            : $"{run.Records.Count} records, of which a seal or checkpoint covers {run.Covered}; it ends {replay.State}."));
        HtmlReport.List(page, [.. run.Findings, .. replay.Findings]);
        foreach (var remark in run.Remarks)
        {
            page.Append("<p class=\"soft\">").Append(Markup.Of(remark)).Append("</p>\n");
        }

        Decisions(page);
        States(page);
        People(page);
        Failures(page);
        Sources(page);
        DiskTable.Write(page, run.Disks);
        Rows(page);
        Digests(page);
    }

    private void Decisions(StringBuilder page)
    {
        page.Append("<h3>Decision</h3>\n");
        foreach (var decision in replay.Decisions)
        {
            if (decision.IsCommand)
            {
                page.Append("<p>No table was asked: an operator typed ").Append(Markup.Code(decision.Command)).Append("</p>\n");
                continue;
            }

            page.Append(Markup.Pairs(
            [
                ("mode", $"<strong>{Markup.Of(decision.Mode)}</strong>"), ("because", Markup.Of(decision.Because)),
                ("made once more", decision.Findings.Count == 0 ? "<span class=\"fine\">the same</span>" : "<span class=\"wrongtext\">not the same</span>"),
                ("table", Markup.Code(decision.TableDigest)),
            ]));
        }

        if (replay.Decisions.Count == 0)
        {
            page.Append("<p>No decision was taken up.</p>\n");
        }
    }

    private void Rows(StringBuilder page)
    {
        foreach (var decision in replay.Decisions.Where(decision => !decision.IsCommand))
        {
            page.Append("<h3>The decision in full</h3>\n");
            page.Append(Markup.Table("rows", ["table", "row", "answer", "was hit, or failed at"], decision.Rows
                .OrderBy(row => row.Table == "mode" ? 0 : 1).ThenBy(row => row.Fails is null ? 0 : 1).Select(RowOf)));
            page.Append(Markup.Table("facts", ["fact", "value", "in words"], decision.Facts.Select(fact => (IReadOnlyList<string>)
                [Markup.Of(fact.Id), $"<strong>{Markup.Of(fact.Value)}</strong>", Markup.Of(fact.Says)])));
        }
    }

    private static IReadOnlyList<string> RowOf(ReplayedRow row) =>
    [
        row.Table, row.Fails is null ? $"<span class=\"hit\">{Markup.Of(row.Row.Id)}</span>" : Markup.Of(row.Row.Id),
        Markup.Of(row.Row.Then + (row.Row.Approval.Length > 0 ? $", approval {row.Row.Approval}" : "")),
        row.Fails is null
            ? $"<span class=\"fine\">hit</span>: {Markup.Of(row.Row.Because)}"
            : Markup.Of($"{row.Fails.Fact} is {row.Value ?? "not recorded"}, and the row takes {string.Join(" or ", row.Fails.Needs)}"),
    ];

    private void States(StringBuilder page)
    {
        page.Append("<h3>States</h3>\n<div class=\"scroll\">").Append(StateDrawing.Draw(replay.Transitions)).Append("</div>\n");
        page.Append(Markup.Table("transitions", ["record", "time (UTC)", "transition", "clause", "reason", "contract"], replay.Transitions.Select(one => (IReadOnlyList<string>)
        [
            one.Record.Sequence.ToString(CultureInfo.InvariantCulture), Time(one.Record.Wall), Markup.Of($"{one.From} → {one.To} ({one.Trigger})"), Clause(one),
            Markup.Of(one.Reason), one.Finding is null ? "<span class=\"fine\">allowed</span>" : $"<span class=\"wrongtext\">{Markup.Of(one.Finding.Why)}</span>",
        ])));
    }

    private string Clause(ReplayedTransition one)
    {
        var sentence = replay.Contract?.Clauses.FirstOrDefault(clause => clause.Id == one.Clause)?.Text;
        return $"<span title=\"{Markup.Of(sentence)}\">{Markup.Of(one.Clause)}</span>";
    }

    private void People(StringBuilder page)
    {
        var asked = run.Documents.All.Where(document => PeopleEvidence.Contains(document.Name, StringComparer.Ordinal)).ToList();
        page.Append("<h3>Who said what</h3>\n");
        page.Append(asked.Count == 0 ? "<p>Nobody approved, denied or cancelled anything.</p>\n" : Markup.Table("people", ["record", "what", "by", "about", "digest"],
            asked.Select(document => (IReadOnlyList<string>)
            [
                document.Record.Sequence.ToString(CultureInfo.InvariantCulture), Markup.Of(document.Name), Markup.Of(Field(document, "by", "uid", "tty")),
                Markup.Of(Field(document, "request", "path", "because")), Markup.Code(document.Digest),
            ])));
    }

    private void Failures(StringBuilder page)
    {
        var failed = replay.Transitions.Where(one => one.Trigger is "failed" or "gave-up" or "exhausted").ToList();
        var refused = run.Records.Where(record => record.Kind == "refused").ToList();
        page.Append("<h3>Failures, retries, refusals</h3>\n");
        if (failed.Count + refused.Count == 0)
        {
            page.Append("<p>None.</p>\n");
            return;
        }

        page.Append(Markup.Table("failures", ["record", "time (UTC)", "what", "why"],
        [
            .. failed.Select(one => (IReadOnlyList<string>)[Number(one.Record), Time(one.Record.Wall), Markup.Of(one.Trigger),
                Markup.Of(one.Evidence.FirstOrDefault(document => document.Name == "failure") is { } failure ? Field(failure, "code", "what", "where", "why") : one.Reason)]),
            .. refused.Select(record => (IReadOnlyList<string>)[Number(record), Time(record.Wall), Markup.Of($"refused: {record.Text("what")}"), Markup.Of($"{record.Text("reason")} (asked by {record.Text("by")})")]),
        ]));
    }

    private void Sources(StringBuilder page)
    {
        page.Append("<h3>Sources</h3>\n");
        if (run.Seal?.Content is not { } snapshot)
        {
            page.Append("<p>Nothing is sealed, or its snapshot is not here.</p>\n");
            return;
        }

        foreach (var source in snapshot.Sources)
        {
            page.Append("<p><strong>").Append(Markup.Of(source.Path)).Append("</strong> <span class=\"soft\">").Append(source.IsImage ? "image of a block device" : "tree of files").Append("</span></p>\n");
            page.Append(Markup.Pairs(source.Facts.Select(fact => (fact.Name, Markup.Code(fact.Value))).Append(("written to meanwhile", Counters(source)))));
            foreach (var map in maps?.Where(map => map.Path == source.Path) ?? [])
            {
                page.Append(map.Draw());
            }
        }

        foreach (var map in maps?.Where(map => snapshot.Sources.All(source => source.Path != map.Path)) ?? [])
        {
            page.Append("<p><strong>").Append(Markup.Of(map.Path)).Append("</strong></p>\n").Append(map.Draw());
        }

        page.Append(Markup.Pairs([.. snapshot.Case.Select(pair => (pair.Name, Markup.Of(pair.Value))), .. snapshot.Origin.Select(pair => (pair.Name, Markup.Of(pair.Value))),
            .. snapshot.Counts.Select(pair => (pair.Name, pair.Value.ToString("N0", CultureInfo.InvariantCulture))), ("entries with a problem", snapshot.Problems.ToString("N0", CultureInfo.InvariantCulture))]));
    }

    private string Counters(SealedSource source) => source.Counters.Count == 0
        ? DiskTable.Below(run.Disks, source.Path) ?? (source.IsImage ? "<span class=\"soft\">no counter was recorded</span>" : "<span class=\"soft\">no disk below it was counted</span>")
        : string.Join("<br>", source.Counters.Select(counter => (counter.After == counter.Before ? "<span class=\"fine\">no</span>: " : "<span class=\"wrongtext\">yes</span>: ")
            + Markup.Of(string.Create(CultureInfo.InvariantCulture, $"the disk's write counter was {counter.Before} before and {counter.After} after, in boot {counter.Boot}"))));

    private void Digests(StringBuilder page)
    {
        page.Append("<h3>To check by hand</h3>\n");
        page.Append(Markup.Pairs(
        [
            .. run.Anchors.Select(anchor => ($"up to record {anchor.UpTo}", Markup.Code(anchor.Says))),
            ("last record", run.Records.Count == 0 ? "none" : Markup.Code($"{run.Records[^1].Sequence} {run.Records[^1].Hash}")),
            ("contract", Markup.Code(replay.Contract?.Digest)),
            .. (run.Seal is { } seal ? new[] { ("snapshot", Markup.Code(seal.Snapshot)), ("root", Markup.Code(seal.Content?.Root)) } : []),
        ]));
        page.Append(Markup.Table("documents", ["record", "document", "bytes", "SHA-256"], run.Documents.All.Select(document => (IReadOnlyList<string>)
            [Number(document.Record), Markup.Of(document.Name), document.Bytes.Length.ToString("N0", CultureInfo.InvariantCulture), Markup.Code(document.Digest)])));
        if (run.Seal is { } sealing && run.Domain is { } domain && domain.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-'))
        {
            // What a person can do with nothing of ours.
            string[] lines =
            [
                "cd STORE",
                $"sha256sum snapshots/{sealing.Snapshot}",
                "  # prints its own name",
                $"sed 's/,\"hash\":\"[0-9a-f]*\"}}$//' logs/{domain}/seals/{sealing.Number.ToString("D10", CultureInfo.InvariantCulture)} | tr -d '\\n' | sha256sum",
                $"  # prints {sealing.Hash}",
            ];
            page.Append("<pre>").AppendJoin('\n', lines.Select(Markup.Of)).Append("</pre>\n");
        }
    }

    private static string Number(Journals.RecordLine record) => record.Sequence.ToString(CultureInfo.InvariantCulture);

    private static string Time(string wall) => DateTimeOffset.TryParse(wall, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : Markup.Of(wall);

    private static string Field(EvidenceDocument document, params string[] names)
    {
        try
        {
            var json = Json.Parse(document.Bytes);
            return string.Join(", ", names.Select(name => (name, Text: Json.Text(json, name))).Where(pair => pair.Text is { Length: > 0 })
                .Select(pair => pair.name is "uid" or "tty" ? $"{pair.name} {pair.Text}" : pair.Text));
        }
        catch (JsonException)
        {
            return "it cannot be read";
        }
    }
}
