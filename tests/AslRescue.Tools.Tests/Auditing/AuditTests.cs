using System.Text;
using System.Text.Json.Nodes;
using AslRescue.Audit;
using AslRescue.Audit.Notes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>What the audit says of evidence that real programs left, as it is and after somebody had his hands on it.</summary>
public sealed class AuditTests(SealedEvidence evidence) : IClassFixture<SealedEvidence>
{
    [Fact]
    public void Evidence_as_it_was_left_holds_and_replays_to_the_same_states()
    {
        var result = Judge(evidence.Files);
        Assert.Empty(Findings(result));
        Assert.Equal(Standing.Holds, result.Standing);
        Assert.All(result.Replays, replay => Assert.Equal("Sealed", replay.State));
        var asked = result.Replays[result.Runs.ToList().FindIndex(run => run.Run == evidence.First)];
        Assert.Equal(["decided", "approved-local", "attached", "sealed"], asked.Transitions.Select(one => one.Trigger));
        Assert.Equal("local", Assert.Single(asked.Decisions).Mode);
        Assert.Contains(asked.Decisions[0].Rows, row => row.Table == "mode" && row.Fails is null);
    }

    [Fact]
    public void With_the_domains_key_the_checkpoint_is_trusted()
    {
        var result = AuditResult.Verify(Bundle(evidence.Files), evidence.Trust);
        Assert.Equal(Standing.Holds, result.Standing);
        Assert.All(result.Runs, run => Assert.Contains(run.Anchors, anchor => anchor.IsTrusted && anchor.UpTo == run.Records.Count));
    }

    [Fact]
    public void A_forger_who_makes_every_hash_right_is_found_by_what_the_auditor_brings()
    {
        var forger = new Forger(evidence.Files, evidence.First);
        forger.Lines[3]["wall"] = "2020-01-01T00:00:00.0000000Z";
        var forged = forger.Complete();

        // He is good: without anything to measure by, his work is as sound as the original.
        Assert.Empty(Findings(Judge(forged)));
        Assert.NotEqual(Standing.Holds, AuditResult.Verify(Bundle(forged), evidence.Trust, evidence.First).Standing);
        var seal = AuditResult.Verify(Bundle(evidence.Files), AuditTrust.None).Runs.Single(run => run.Run == evidence.First).Seal!.Hash;
        Assert.Equal(Standing.Broken, AuditResult.Verify(Bundle(forged), new AuditTrust([], [seal])).Standing);
        var bundle = Bundle(forged);
        bundle.AddNote("kept elsewhere", evidence.Files.Single(file => file.Key.StartsWith(SealedEvidence.Folder(evidence.First) + "/note-", StringComparison.Ordinal)).Value);
        Assert.Contains(Findings(AuditResult.Verify(bundle, AuditTrust.None)), finding => finding.Kind == FindingKind.Forked);
    }

    [Fact]
    public void A_forged_transition_is_found_however_well_it_is_hashed() =>
        AssertFound(FindingKind.Contradicted, forger => forger.Transition("approved-local")["to"] = "Ingesting", FindingKind.Forbidden);

    [Fact]
    public void A_skipped_approval_is_found_however_well_it_is_hashed() => AssertFound(FindingKind.Forbidden, forger =>
    {
        forger.Lines.Remove(forger.Document("approval"));
        foreach (var line in forger.OfKind("transition").ToList())
        {
            line["evidence"] = new JsonArray([.. line["evidence"]!.AsArray().Select(item => item!.GetValue<string>()).Where(item => !item.StartsWith("approval:", StringComparison.Ordinal)).Select(item => (JsonNode)item)]);
        }
    });

    [Fact]
    public void A_skipped_approval_is_found_even_when_the_contract_was_weakened_to_allow_it() => AssertFound(FindingKind.Forbidden, forger =>
    {
        forger.Rewrite("contract", text => text.Replace("\"approval\"", "", StringComparison.Ordinal).Replace("[, ", "[", StringComparison.Ordinal).Replace(", , ", ", ", StringComparison.Ordinal).Replace(", ]", "]", StringComparison.Ordinal));
        forger.Lines.Remove(forger.Document("approval"));
        foreach (var line in forger.OfKind("transition").ToList())
        {
            line["evidence"] = new JsonArray([.. line["evidence"]!.AsArray().Select(item => item!.GetValue<string>()).Where(item => !item.StartsWith("approval:", StringComparison.Ordinal)).Select(item => (JsonNode)item)]);
        }
    });

    [Fact]
    public void The_approval_of_another_request_is_found_however_well_it_is_hashed() => AssertFound(FindingKind.Replayed, forger =>
        forger.Document("approval")["text"] = new Forger(evidence.Files, evidence.Second).Document("approval")["text"]!.GetValue<string>());

    [Fact]
    public void An_altered_decision_is_found_however_well_it_is_hashed() => AssertFound(FindingKind.Contradicted, forger =>
        forger.Rewrite("decision", text => text.Replace("\"approval\": \"required\"", "\"approval\": \"config\"", StringComparison.Ordinal)));

    [Fact]
    public void An_altered_table_is_found_however_well_it_is_hashed() => AssertFound(FindingKind.Contradicted, forger =>
        forger.Rewrite("table", text => text.Replace("then = \"ready\"", "then = \"none\"", StringComparison.Ordinal)));

    [Fact]
    public void A_table_with_two_rows_for_one_world_is_found() => AssertFound(FindingKind.Contradicted, forger =>
        forger.Rewrite("table", text => text + "\n[[mode.row]]\nid = \"also\"\nwhen.config.mode = \"unknown\"\nthen = \"wait\"\nbecause = \"twice\"\n"));

    [Fact]
    public void A_journal_that_was_cut_is_truncated_and_one_with_another_copy_forked()
    {
        var last = Forger.JournalFiles(evidence.Files, evidence.First).Last();
        var cut = evidence.Files.Where(file => file.Key != last).ToDictionary();
        Assert.Contains(Findings(AuditResult.Verify(Bundle(cut), AuditTrust.None)), finding => finding.Kind == FindingKind.Truncated);

        var forger = new Forger(evidence.Files, evidence.First);
        forger.Lines[^1]["reason"] = "another end";
        var bundle = Bundle(evidence.Files);
        bundle.AddFolder(new MemoryFiles(forger.ChainOnly().Where(file => file.Key.StartsWith(SealedEvidence.Folder(evidence.First), StringComparison.Ordinal) && !file.Key.Contains("note-", StringComparison.Ordinal))
            .ToDictionary(file => Path.GetFileName(file.Key), file => file.Value)));
        Assert.Contains(Findings(AuditResult.Verify(bundle, AuditTrust.None)), finding => finding.Kind == FindingKind.Forked);
    }

    [Fact]
    public void A_journal_that_reached_its_end_without_a_seal_in_its_domain_is_truncated()
    {
        var seal = evidence.Files.Keys.Where(name => name.Contains("/seals/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last();
        var result = AuditResult.Verify(Bundle(evidence.Files.Where(file => file.Key != seal).ToDictionary()), evidence.Trust);
        Assert.Contains(Findings(result), finding => finding.Kind == FindingKind.Truncated && finding.Why.Contains("has no seal of this run", StringComparison.Ordinal));
    }

    [Fact]
    public void A_checkpoint_that_was_kept_elsewhere_vouches_for_what_it_covers_and_for_no_more()
    {
        var note = evidence.Files.Single(file => file.Key.StartsWith(SealedEvidence.Folder(evidence.First) + "/note-", StringComparison.Ordinal)).Value;
        var bundle = Bundle(evidence.Files);
        bundle.AddNote("kept", note);
        Assert.Equal(Standing.Holds, AuditResult.Verify(bundle, AuditTrust.None, evidence.First).Standing);
        var another = AuditResult.Verify(bundle, AuditTrust.None, evidence.Second);
        Assert.Contains(Findings(another), finding => finding.Kind == FindingKind.Foreign);
    }

    [Fact]
    public void Copies_of_logs_of_a_domain_of_a_run_and_of_its_objects_are_all_understood()
    {
        var logs = Path.Combine(evidence.Store, "logs");
        var run = Path.Combine(evidence.Store, SealedEvidence.Folder(evidence.First));
        foreach (var path in (string[])[logs, Path.Combine(logs, SealedEvidence.Domain), Path.Combine(logs, SealedEvidence.Domain, "runs"), run])
        {
            var result = evidence.Scratch.Admin("audit", "replay", path, "--run", evidence.First, "--key", evidence.Trust.Keys[0].Hex, "--json").EndsWith(ExitCodes.Done);
            Assert.Equal("holds", result.Json().GetProperty("standing").GetString());
        }

        evidence.Scratch.Admin(["audit", "verify", .. Directory.EnumerateFiles(run), "--key", evidence.Trust.Keys[0].Hex]).EndsWith(ExitCodes.Done);
    }

    [Fact]
    public void A_pipe_among_the_evidence_is_not_waited_for()
    {
        var folder = evidence.Scratch.PathOf("piped");
        Directory.CreateDirectory(folder);
        evidence.Scratch.Shell($"mkfifo {folder}/0000000001").EndsWith(0);
        Assert.Contains("it is no regular file", evidence.Scratch.Admin("audit", "verify", folder).EndsWith(ExitCodes.EvidenceBroken).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_seal_and_checkpoint_it_is_unanchored()
    {
        var journal = evidence.Files.Where(file => file.Key.StartsWith(SealedEvidence.Folder(evidence.First) + "/0", StringComparison.Ordinal))
            .ToDictionary(file => Path.GetFileName(file.Key), file => file.Value);
        var bundle = Bundle(journal);
        var result = AuditResult.Replay(bundle, AuditTrust.None);
        Assert.Empty(Findings(result));
        Assert.Equal(Standing.Unanchored, result.Standing);
    }

    [Fact]
    public void Sealed_and_stopped_before_it_could_say_so_is_no_forgery_and_nothing_vouches_for_the_end()
    {
        // As a power cut right behind the seal leaves it: the journal ends with the sealing record, and no checkpoint was left.
        var forger = new Forger(evidence.Files, evidence.First);
        var kept = forger.Lines.FindIndex(line => line["kind"]!.GetValue<string>() == "sealing") + 1;
        forger.Lines.RemoveRange(kept, forger.Lines.Count - kept);
        var cut = forger.ChainOnly().Where(file => !file.Key.StartsWith(SealedEvidence.Folder(evidence.First) + "/note-", StringComparison.Ordinal)).ToDictionary();

        var result = Judge(cut);
        var run = result.Runs.Single(one => one.Run == evidence.First);
        Assert.Empty(Findings(result));
        Assert.Equal(Standing.Unanchored, run.Standing);
        Assert.Contains(run.Remarks, remark => remark.Contains("its journal ends before the machine says so", StringComparison.Ordinal));

        // With the checkpoint still there, the end that is missing was there once.
        var note = evidence.Files.Single(file => file.Key.StartsWith(SealedEvidence.Folder(evidence.First) + "/note-", StringComparison.Ordinal));
        Assert.Contains(Findings(Judge(cut.Append(note).ToDictionary())), finding => finding.Kind == FindingKind.Truncated);
    }

    [Fact]
    public void A_machines_journal_without_a_record_is_of_a_run_that_never_began_and_an_object_without_one_is_cut()
    {
        var machine = AuditResult.Replay(Bundle(new Dictionary<string, byte[]> { ["20261127T160000Z-00000001/journal"] = [] }), AuditTrust.None);
        Assert.Empty(Findings(machine));
        Assert.Equal(Standing.Unanchored, machine.Standing);
        Assert.Contains(machine.Runs.Single().Remarks, remark => remark.Contains("it is empty", StringComparison.Ordinal));

        var last = Forger.JournalFiles(evidence.Files, evidence.First).Last();
        Assert.Contains(Findings(Judge(evidence.Files.Where(file => file.Key != last).Append(new(last, [])).ToDictionary())), finding => finding.Kind == FindingKind.Truncated);
    }

    [Fact]
    public void The_program_says_so_with_its_exit_codes()
    {
        evidence.Scratch.Admin("audit", "verify", "--store", evidence.Store).EndsWith(ExitCodes.Done);
        Assert.Contains("all of it holds", evidence.Scratch.Admin("audit", "replay", evidence.Store, evidence.Machine("var/lib/asl/runtime")).EndsWith(ExitCodes.Done).Output, StringComparison.Ordinal);
        var unanchored = evidence.Scratch.Admin("audit", "verify", evidence.Machine($"var/lib/asl/runtime/{evidence.First}"), "--json").EndsWith(ExitCodes.EvidenceUnanchored);
        Assert.Equal("unanchored", unanchored.Json().GetProperty("standing").GetString());
        var broken = evidence.Scratch.PathOf("broken");
        var text = File.ReadAllText(evidence.Machine($"var/lib/asl/runtime/{evidence.First}/journal"));
        File.WriteAllText(broken, text.Replace("approved-local", "approved-remote", StringComparison.Ordinal));
        Assert.Contains($"edited: {broken}, line ", evidence.Scratch.Admin("audit", "verify", broken).EndsWith(ExitCodes.EvidenceBroken).Output, StringComparison.Ordinal);
        Assert.Contains("ASL6020", evidence.Scratch.Admin("audit", "verify", evidence.Scratch.PathOf("source")).EndsWith(ExitCodes.StoreUnusable).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_is_one_page_that_loads_nothing_and_is_not_overwritten()
    {
        var page = evidence.Scratch.PathOf("report.html");
        evidence.Scratch.Admin("audit", "report", "--store", evidence.Store, "--html", page, "--rules", Checkout.PathOf("rules")).EndsWith(0);
        var html = File.ReadAllText(page);
        Assert.Contains(evidence.First, html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        evidence.Scratch.Admin("audit", "report", "--store", evidence.Store, "--html", page).EndsWith(ExitCodes.TargetUnusable);
        Assert.Equal(html, File.ReadAllText(page));
    }

    [Fact]
    public void Disks_are_drawn_with_their_write_counters_and_a_source_that_was_left_alone_is_told_as_that()
    {
        var forger = WithDisks(("begun", 90, 50), ("reading", 100, 50), ("sealing", 100, 58));
        var result = Judge(forger.Complete());
        Assert.Empty(Findings(result));
        Assert.Equal([0UL, 8UL], result.Runs.Single(run => run.Run == evidence.First).Disks.Series.Select(series => series.SectorsWhileRead));
        var page = Page(result);
        Assert.Contains("reading: 100", page, StringComparison.Ordinal);
        Assert.Contains("ST500, serial A1", page, StringComparison.Ordinal);

        // 10 sectors before anything was read: an operator may have mended the disk.
        Assert.Contains("<span class=\"wrongtext\">yes</span>: 10 sectors, before anything was read, on the disk below it, <code>sda</code>", page, StringComparison.Ordinal);
        Assert.Contains("nothing: a bystander", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"wrongtext\">yes</span>: 8 sectors", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_counter_that_moved_below_a_source_contradicts_a_machine_that_says_nothing_was_written()
    {
        var forger = WithDisks(("reading", 100, 50), ("sealing", 108, 50));
        var silent = Judge(forger.Complete());
        Assert.Contains(Findings(silent), finding => finding.Kind == FindingKind.Contradicted && finding.Why.Contains("disk sda", StringComparison.Ordinal));
        Assert.Contains("8 sectors while it was read, and nobody was seen who may write", Page(silent), StringComparison.Ordinal);

        forger = WithDisks(("reading", 100, 50), ("sealing", 108, 50));
        forger.Rewrite("seal", text => text.Replace("\"wasWritten\":false", "\"wasWritten\":true", StringComparison.Ordinal));
        Assert.Empty(Findings(Judge(forger.Complete())));
    }

    [Fact]
    public void A_journal_without_counters_is_none_the_worse_and_one_whose_counters_are_no_counters_is_malformed()
    {
        var without = Judge(WithDisks().Complete());
        Assert.Empty(Findings(without));
        Assert.Contains("No write counters of the machine's disks were recorded.", Page(without), StringComparison.Ordinal);

        var forger = WithDisks(("reading", 100, 50));
        forger.Rewrite("disks", text => text.Replace("\"written\":100", "\"written\":\"many\"", StringComparison.Ordinal));
        Assert.Contains(Findings(Judge(forger.Complete())), finding => finding.Kind == FindingKind.Malformed && finding.Why.Contains("'many' is no counter", StringComparison.Ordinal));
    }

    /// <summary>The first run as if its machine had had two disks: sda below its source, which nobody should write to, and sdb.</summary>
    private Forger WithDisks(params (string When, long Source, long Bystander)[] counted)
    {
        var forger = new Forger(evidence.Files, evidence.First);
        forger.Lines.RemoveAll(line => Forger.Text(line, "name") == "disks");
        var source = forger.OfKind("run-started").First()["sources"]![0]!.GetValue<string>();
        foreach (var (when, written, bystander) in counted)
        {
            var text = $$"""
                {"when":"{{when}}","boot":"boot-1","monotonic":1,"disks":[{"name":"sda","number":"8:0","written":{{written}},"discarded":0,"appearance":3,"size":4096,"model":"ST500","serial":"A1","holds":[],"sources":["{{source}}"],"isQuiet":true},{"name":"sdb","number":"8:16","written":{{bystander}},"size":4096,"holds":[],"sources":[],"isQuiet":false}]}
                """;
            var place = when == "begun" ? 2 : forger.Lines.FindIndex(line => Forger.Text(line, "kind") == "sealing");
            var line = JsonNode.Parse(forger.Document("contract").ToJsonString())!.AsObject();
            line["monotonic"] = forger.Lines[place - 1]["monotonic"]!.GetValue<long>();
            (line["name"], line["sha256"], line["text"]) = ("disks", Shared.Digest.Of(Encoding.UTF8.GetBytes(text)).ToString(), text);
            forger.Lines.Insert(place, line);
        }

        return forger;
    }

    private static string Page(AuditResult result) => new Audit.Report.HtmlReport(result, new Dictionary<string, IReadOnlyList<Audit.Report.DamageMap>>(), "test", DateTimeOffset.UnixEpoch).Write();

    internal static EvidenceBundle Bundle(IReadOnlyDictionary<string, byte[]> files)
    {
        var bundle = new EvidenceBundle();
        bundle.AddFolder(new MemoryFiles(files));
        return bundle;
    }

    internal static AuditResult Judge(IReadOnlyDictionary<string, byte[]> files) => AuditResult.Replay(Bundle(files), AuditTrust.None);

    internal static IEnumerable<Finding> Findings(AuditResult result) => Tools.Output.AuditOutput.Findings(result);

    private void AssertFound(FindingKind kind, Action<Forger> forge, FindingKind? also = null)
    {
        var forger = new Forger(evidence.Files, evidence.First);
        forge(forger);
        var findings = Findings(Judge(forger.Complete())).ToList();
        Assert.Contains(findings, finding => finding.Kind == kind || finding.Kind == also);
        Assert.DoesNotContain(findings, finding => finding.Kind is FindingKind.Edited or FindingKind.Unchained or FindingKind.Malformed);
    }
}
