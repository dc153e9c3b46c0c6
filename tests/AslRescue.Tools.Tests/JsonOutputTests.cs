using System.Text.Json;
using System.Text.RegularExpressions;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>--json prints one document, and the fields that docs/json-output.md lists, in that order.</summary>
public sealed partial class JsonOutputTests : IDisposable
{
    private static readonly Dictionary<string, string[]> Documented = File.ReadLines(Checkout.PathOf("docs/json-output.md"))
        .Select(line => TableRow().Match(line)).Where(match => match.Success)
        .ToDictionary(match => match.Groups[1].Value, match => FieldName().Matches(match.Groups[2].Value).Select(field => field.Groups[1].Value).ToArray());

    private readonly Scratch _scratch = new();

    public JsonOutputTests() => _scratch.WriteSource("letters/first", "dear");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Ingest_and_show_print_a_snapshot()
    {
        var ingested = _scratch.Ingest("--json", "--case", "7").Json();
        var shown = _scratch.Admin("show", "latest", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        AssertFields("snapshot", ingested);
        AssertFields("source", ingested.GetProperty("sources")[0], without: ["image"]);
        AssertFields("counts", ingested.GetProperty("counts"));
        AssertFields("case", ingested.GetProperty("case"));
        AssertFields("origin", ingested.GetProperty("origin"));
        Assert.Equal("7", ingested.GetProperty("case").GetProperty("case").GetString());
        Assert.Equal(ingested.GetRawText(), shown.GetRawText());
    }

    [Fact]
    public void Of_an_image_the_device_and_what_was_gained_are_printed()
    {
        File.WriteAllBytes(_scratch.PathOf("disk"), new byte[200_000]);
        File.WriteAllText(_scratch.PathOf("map"), "0x0 ?\n0x0 0x1000 +\n0x1000 0x200 -\n0x1200 0x100000 +\n");
        _scratch.Run("asl-intake", "ingest", _scratch.PathOf("disk"), "--image", "--mapfile", _scratch.PathOf("map"), "--store", _scratch.Store).EndsWith(3);
        var source = _scratch.Admin("show", "latest", "--store", _scratch.Store, "--json").EndsWith(0).Json().GetProperty("sources")[0];

        AssertFields("source", source);
        AssertFields("image", source.GetProperty("image"));
        Assert.Equal(200_000, source.GetProperty("image").GetProperty("size").GetInt64());
    }

    [Fact]
    public void Snapshots_prints_the_number_of_the_seal_before_each_snapshot()
    {
        _scratch.Ingest();
        _scratch.Ingest();

        var listed = _scratch.Admin("snapshots", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        Assert.Equal(2, listed.GetArrayLength());
        Assert.Equal(["seal", .. Documented["snapshot"]], FieldsOf(listed[1]));
        Assert.Equal(2, listed[1].GetProperty("seal").GetInt32());
    }

    [Fact]
    public void Ls_prints_an_entry_each()
    {
        _scratch.Shell($"cd {_scratch.Source} && ln letters/first letters/second && ln --symbolic first letters/third").EndsWith(0);
        _scratch.Ingest();

        var listed = _scratch.Admin("ls", "latest", "letters", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        Assert.Equal(["first", "second", "third"], listed.EnumerateArray().Select(entry => entry.GetProperty("path").GetString()));
        AssertFields("entry", listed[0], without: ["target", "hardLink"]);
        AssertFields("entry", listed[1], without: ["target"]);
        AssertFields("entry", listed[2], without: ["hardLink"]);
    }

    [Fact]
    public void Diff_prints_a_change_each()
    {
        var before = _scratch.Ingest("--json").Json().GetProperty("snapshot").GetString()!;
        _scratch.WriteSource("letters/first", "dear all");
        _scratch.Ingest();

        var changes = _scratch.Admin("diff", before, "latest", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        var change = changes.EnumerateArray().Single(item => item.GetProperty("path").GetString() == "letters/first");
        AssertFields("change", change);
        Assert.Equal("Changed", change.GetProperty("change").GetString());
    }

    [Fact]
    public void Verify_prints_its_counts_and_each_error()
    {
        _scratch.Ingest();
        File.Delete(Directory.EnumerateFiles(Path.Combine(_scratch.Store, "blocks"), "*", SearchOption.AllDirectories).First());

        var report = _scratch.Admin("verify", "--store", _scratch.Store, "--json").EndsWith(ExitCodes.StoreDamaged).Json();

        AssertFields("verify", report);
        AssertFields("error", report.GetProperty("errors")[0]);
        Assert.Equal("ASL2046", report.GetProperty("errors")[0].GetProperty("code").GetString());
    }

    [Fact]
    public void Restore_prints_what_came_back()
    {
        _scratch.Ingest();

        var report = _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back"), "--json").EndsWith(0).Json();

        AssertFields("restore", report);
        Assert.Equal(3, report.GetProperty("entries").GetInt32());
    }

    [Fact]
    public void Init_prints_where_the_store_is() =>
        AssertFields("init", _scratch.Admin("init", "--store", _scratch.Store, "--json").EndsWith(0).Json());

    [Fact]
    public void Rehearse_prints_the_plan_and_a_row_for_each_fault_and_part()
    {
        var rehearsal = _scratch.Intake("rehearse", "--store", _scratch.Store, "--seconds", "5", "--json").EndsWith(0).Json();

        AssertFields("rehearsal", rehearsal);
        AssertFields("rehearsed-plan", rehearsal.GetProperty("plan"));
        AssertFields("survival", rehearsal.GetProperty("rows")[0]);
        Assert.Equal("local-directory", rehearsal.GetProperty("plan").GetProperty("kind").GetString());
        Assert.Equal(rehearsal.GetProperty("tried").GetInt32(), rehearsal.GetProperty("rows").EnumerateArray().Sum(row => row.GetProperty("tried").GetInt32()));
        Assert.Equal(0, rehearsal.GetProperty("losses").GetArrayLength());
    }

    [Fact]
    public void Rebuild_index_prints_what_was_missing()
    {
        _scratch.Ingest();
        File.Delete(Directory.EnumerateFiles(Path.Combine(_scratch.Store, "segments"), "*", SearchOption.AllDirectories).First());

        var dry = _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--dry-run", "--json").EndsWith(0).Json();
        var done = _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--json").EndsWith(0).Json();

        AssertFields("rebuild-index", done);
        Assert.Equal((1, 1), (dry.GetProperty("missing").GetArrayLength(), done.GetProperty("written").GetArrayLength()));
    }

    [Fact]
    public void Gc_check_prints_names()
    {
        _scratch.Ingest();

        AssertFields("gc-check", _scratch.Admin("gc-check", "--store", _scratch.Store, "--json").EndsWith(0).Json());
    }

    [Fact]
    public void Problems_of_a_snapshot_are_an_empty_list_when_there_are_none()
    {
        _scratch.Ingest();

        Assert.Equal(0, _scratch.Admin("show", "latest", "--problems", "--store", _scratch.Store, "--json").EndsWith(0).Json().GetArrayLength());
    }

    [Fact]
    public void Rules_check_prints_both_files_and_each_finding()
    {
        var both = _scratch.Admin("rules", "check", "--json").EndsWith(ExitCodes.RulesUnproved).Json();

        AssertFields("rules", both);
        Assert.Equal("ASL5001", both.GetProperty("table").GetProperty("findings")[0].GetProperty("code").GetString());

        var table = _scratch.Admin("rules", "check", "--json", "--rules", Checkout.PathOf("rules/preflight.toml")).EndsWith(0).Json();
        AssertFields("rules", table, without: ["contract"]);
        AssertFields("table", table.GetProperty("table"));
        Assert.Equal(2, table.GetProperty("table").GetProperty("tables").GetArrayLength());

        var contract = _scratch.Admin("rules", "check", "--json", "--rules", Checkout.PathOf("rules/intake.toml")).EndsWith(0).Json();
        AssertFields("rules", contract, without: ["table"]);
        AssertFields("contract", contract.GetProperty("contract"));
        Assert.True(contract.GetProperty("contract").GetProperty("isProved").GetBoolean());
    }

    [Fact]
    public void Rules_check_prints_the_counterexample_and_the_row_that_is_proposed()
    {
        var shipped = File.ReadAllText(Checkout.PathOf("rules/preflight.toml"));
        var broken = _scratch.PathOf("broken.toml");
        const string Cell = "when.config.mode = \"unknown\"\n";
        File.WriteAllText(broken, shipped.Replace(Cell, Cell + "when.local.backend = \"none\"\n", StringComparison.Ordinal));

        var finding = _scratch.Admin("rules", "check", "--json", "--rules", broken).EndsWith(ExitCodes.RulesUnproved).Json()
            .GetProperty("table").GetProperty("findings")[0];

        AssertFields("rule-finding", finding);
        Assert.Equal("unknown", finding.GetProperty("counterexample").GetProperty("config.mode").GetString());
        Assert.Contains("[[mode.row]]", finding.GetProperty("proposedRow").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_show_prints_facts_rows_and_sentences()
    {
        var shown = _scratch.Admin("rules", "show", "--json", "--rules", Checkout.PathOf("rules/preflight.toml")).EndsWith(0).Json();

        AssertFields("rule-table", shown);
        var row = shown.GetProperty("tables")[0].GetProperty("rows")[1];
        Assert.Equal("directory", row.GetProperty("when").GetProperty("local.kind")[0].GetString());
    }

    [Fact]
    public void Explain_prints_rows_facts_and_changes()
    {
        var rules = Checkout.PathOf("rules/preflight.toml");
        _scratch.Admin("preflight", "--rules", rules).EndsWith(0);

        var explained = _scratch.Admin("explain", "--json", "--rules", rules).EndsWith(0).Json();

        AssertFields("explanation", explained, without: ["auto"]);
        AssertFields("row", explained.GetProperty("rows")[0]);
        AssertFields("cell", explained.GetProperty("rows")[0].GetProperty("fails"));
        AssertFields("plan", explained.GetProperty("changes")[0]);
        AssertFields("fact-change", explained.GetProperty("changes")[0].GetProperty("changes")[0]);
    }

    [Fact]
    public void Config_prints_every_key_with_its_origin()
    {
        var printed = _scratch.Admin("config", "--json").EndsWith(0).Json();

        Assert.Equal(JsonValueKind.Object, printed.ValueKind);
        Assert.Contains("domain.id", printed.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_go_to_stderr_so_that_stdout_is_empty_or_whole()
    {
        var run = _scratch.Admin("snapshots", "--store", _scratch.PathOf("nothing"), "--json").EndsWith(ExitCodes.StoreUnusable);

        Assert.Empty(run.Output);
        Assert.StartsWith("error ASL2001: ", run.Error, StringComparison.Ordinal);
    }

    internal static void AssertFields(string output, JsonElement actual, params string[] without) =>
        Assert.Equal(Documented[output].Except(without), FieldsOf(actual));

    private static IEnumerable<string> FieldsOf(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    [GeneratedRegex(@"^\| ([a-z-]+) \| .* \| (`.*`) \|$")]
    private static partial Regex TableRow();

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex FieldName();
}
