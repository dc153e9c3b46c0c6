using System.Globalization;
using System.Text;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests.Machine;

public sealed class ContractTests
{
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Fact]
    public void The_shipped_contract_is_proved()
    {
        var proof = ContractProof.Of(Shipped);
        Assert.Empty(proof.Findings.Select(finding => finding.ToString()));
        Assert.Equal(Shipped.Digest, ContractFile.Load(Repository.ContractPath).Digest);
        Assert.Equal(proof.Digest, ContractProof.Of(Shipped).Digest);
    }

    [Fact]
    public void The_machine_and_the_contract_know_the_same_transitions()
    {
        var clauses = Shipped.Clauses.Select(clause => (clause.From, clause.Trigger, clause.To));
        var machine = IntakeMachine.Transitions.Where(pair => pair.Key.Trigger != IntakeTrigger.Violated)
            .Select(pair => (pair.Key.From, pair.Key.Trigger, pair.Value));
        Assert.Equal(machine.Order(), clauses.Order());
        Assert.Equal(
            IntakeStates.All.Where(state => !state.IsTerminal()).Select(state => (state, IntakeState.Halted)),
            IntakeMachine.Transitions.Where(pair => pair.Key.Trigger == IntakeTrigger.Violated).Select(pair => (pair.Key.From, pair.Value)).Order());
    }

    [Fact]
    public void Each_weakened_requirement_is_found_by_the_proof()
    {
        var mutants = Shipped.Clauses.SelectMany(clause => clause.Requires.Select(name =>
            (What: $"{clause.Id} without {name}", Mutant: With(clause, clause with { Requires = [.. clause.Requires.Except([name])] }))));
        AssertAllKilled(mutants, "M6");
    }

    [Fact]
    public void A_path_to_a_backend_without_an_approval_is_shown_and_is_a_shortest_one()
    {
        var approved = Shipped.Clauses.Single(clause => clause.Trigger == IntakeTrigger.ApprovedLocal);
        var mutant = With(approved, approved with { Requires = [EvidenceNames.Request] });
        var finding = ContractProof.Of(mutant).Findings.First(one => one.Lemma == "M5");
        Assert.Equal("AttachingLocal can be reached without an approval", finding.Text);
        Assert.Equal(
            ["Detecting –decided→ AwaitingApproval   (IN-01)", "AwaitingApproval –approved-local→ AttachingLocal   (IN-05)"], finding.Path);
    }

    [Fact]
    public void A_retry_into_attaching_after_the_approval_was_given_back_is_found()
    {
        var unapproved = Shipped.Clauses.Single(clause => clause is { From: IntakeState.AttachingLocal, Trigger: IntakeTrigger.Unapproved });
        var shortcut = unapproved with { Id = "IN-90", From = IntakeState.AwaitingApproval, To = IntakeState.Ingesting, Trigger = IntakeTrigger.Attached };
        var findings = ContractProof.Of(Shipped with { Clauses = [.. Shipped.Clauses, shortcut] }).Findings;
        Assert.Contains(findings, finding => finding is { Lemma: "M5", Text: "Ingesting can be reached without an approval" });
        Assert.Contains(findings, finding => finding.Lemma == "M2");
    }

    [Theory]
    [InlineData("IN-27", "AttachingLocal", "Retrying –retry-local→ AttachingLocal   (IN-27)")]
    [InlineData("IN-28", "AttachingRemote", "Retrying –retry-remote→ AttachingRemote   (IN-28)")]
    [InlineData("IN-12", "Ingesting", "AttachingLocal –attached→ Ingesting   (IN-12)")]
    [InlineData("IN-22", "Sealed", "Ingesting –sealed→ Sealed   (IN-22)")]
    public void A_run_that_is_resumed_after_a_reboot_reaches_no_backend_without_an_approval_either(string id, string state, string last)
    {
        // From Detecting there is no such path: an approval was given on the way. After a reboot it does not hold any more.
        var clause = Shipped.Clauses.Single(one => one.Id == id);
        var finding = Assert.Single(ContractProof.Of(With(clause, clause with { Requires = [] })).Findings, one => one.Lemma == "M5");
        Assert.Equal($"{state} can be reached without an approval", finding.Text);
        Assert.Equal([$"resumed in {clause.From}, after a reboot", last], finding.Path);
    }

    [Fact]
    public void A_wait_that_no_clause_ends_is_found()
    {
        foreach (var id in new[] { "IN-03", "IN-10", "IN-13", "IN-18", "IN-23", "IN-29" })
        {
            var findings = ContractProof.Of(Without(Shipped.Clauses.Single(clause => clause.Id == id))).Findings;
            Assert.Contains(findings, finding => finding.Lemma == "M9" && finding.Text.Contains("for ever", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_contract_without_an_end_or_with_an_island_is_found()
    {
        var noEnd = Shipped with { Clauses = [.. Shipped.Clauses.Where(clause => !clause.To.IsTerminal())] };
        Assert.Contains(ContractProof.Of(noEnd).Findings, finding => finding is { Lemma: "M4", Text: "from Detecting no end can be reached" });
        Assert.Contains(ContractProof.Of(noEnd).Findings, finding => finding is { Lemma: "M3", Text: "Sealed cannot be reached from Detecting" });
        Assert.Contains(ContractProof.Of(noEnd).Findings, finding => finding.Lemma == "M7");
    }

    [Fact]
    public void A_clause_without_a_word_of_RFC_2119_is_found()
    {
        var first = Shipped.Clauses[0];
        var finding = Assert.Single(ContractProof.Of(With(first, first with { Text = "We ask." })).Findings);
        Assert.Equal("M8", finding.Lemma);
    }

    [Fact]
    public void More_evidence_than_the_floor_is_allowed_to_be_asked_for()
    {
        var first = Shipped.Clauses[0];
        Assert.True(ContractProof.Of(With(first, first with { Requires = [.. first.Requires, EvidenceNames.Source] })).Holds);
    }

    [Theory]
    [InlineData("format = 2\n", 1, "only 'format = 1'")]
    [InlineData("", 1, "'format = 1' is missing")]
    [InlineData("format = 1\nother = 1\n", 2, "only 'format = 1'")]
    [InlineData("format = 1\n[[rule]]\nid = \"IN-01\"\n", 2, "only [[clause]]")]
    [InlineData("format = 1\n[clause]\nid = \"IN-01\"\n", 2, "only [[clause]]")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-00\"\n", 3, "IN-00 is built in")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-1\"\n", 3, "no clause id")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nwhen = 1\n", 4, "unknown key 'when'")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\n", 2, "the clause has no 'from'")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = \"detecting\"\n", 4, "unknown state 'detecting'")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = \"3\"\n", 4, "unknown state '3'")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = \"Detecting\"\ntrigger = \"Decided\"\n", 5, "unknown trigger 'Decided'")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = 1\n", 4, "'from' must be a text")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = \"Detecting\"\ntrigger = \"decided\"\nto = \"Halted\"\nrequires = \"x\"\n", 7, "must be a list")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nfrom = \"Detecting\"\ntrigger = \"decided\"\nto = \"Halted\"\nrequires = [\"x\"]\n", 7, "unknown evidence")]
    [InlineData("format = 1\n[[clause]]\nid = \"IN-01\"\nid = \"IN-02\"\n", 4, "")]
    [InlineData("format = 1\n[[clause\n", 2, "")]
    public void A_malformed_contract_is_refused_with_file_and_line(string text, int line, string why)
    {
        var error = Assert.Throws<AslException>(() => ContractFile.Parse("intake.toml", Encoding.UTF8.GetBytes(text))).Error;
        Assert.Equal((ErrorCode.ContractUnproved, $"intake.toml:{line}"), (error.Code, error.Where));
        Assert.Contains(why, error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_and_files_that_are_not_there_are_refused()
    {
        Assert.Throws<AslException>(() => ContractFile.Parse("intake.toml", [0xff, 0xfe, 0]));
        var error = Assert.Throws<AslException>(() => ContractFile.Load("/nowhere/intake.toml")).Error;
        Assert.Equal(ExitCodes.RulesUnproved, ExitCodes.For(error.Code));
    }

    [Fact]
    public void Random_changes_of_the_file_never_crash_the_loader()
    {
        var bytes = File.ReadAllBytes(Repository.ContractPath);
        var random = new Random(20261123);
        for (var round = 0; round < 2000; round++)
        {
            var mutant = bytes[..random.Next(bytes.Length)];
            for (var change = random.Next(4); change > 0 && mutant.Length > 0; change--)
            {
                mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            }

            try
            {
                ContractProof.Of(ContractFile.Parse("intake.toml", mutant));
            }
            catch (AslException refused)
            {
                Assert.Equal(ErrorCode.ContractUnproved, refused.Error.Code);
            }
        }
    }

    internal static Contract Without(Clause clause) => Shipped with { Clauses = [.. Shipped.Clauses.Where(one => one.Id != clause.Id)] };

    internal static IReadOnlyList<Clause> Clauses => Shipped.Clauses;

    private static Contract With(Clause before, Clause after) =>
        Shipped with { Clauses = [.. Shipped.Clauses.Select(clause => clause == before ? after : clause)] };

    private static void AssertAllKilled(IEnumerable<(string What, Contract Mutant)> mutants, string? lemma)
    {
        var survivors = mutants.Where(mutant => !ContractProof.Of(mutant.Mutant).Findings.Any(finding => lemma is null || finding.Lemma == lemma));
        Assert.Empty(survivors.Select(survivor => survivor.What));
    }
}
