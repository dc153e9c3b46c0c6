using System.Text;
using AslRescue.Shared.Contracts;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Contracts;

public sealed class OverlayContractTests
{
    /// <summary>Section 2 of the schema, as its author drew it.</summary>
    private const string SchemaTree = """
        overlay/
        ├── usr/local/bin/{asl-intake, asl-admin, asl-debug}
        ├── usr/local/lib/libasl.so
        ├── etc/asl/
        │   ├── asl.conf            # mode selection, endpoints
        │   ├── federation.conf     # domain + peer config
        │   └── logging.conf
        ├── etc/systemd/system/{asl-intake.service, asl-preflight.service}
        ├── var/lib/asl/
        │   ├── runtime/            # ephemeral runtime state
        │   ├── cache/              # optional CAS cache
        │   └── locks/
        ├── run/asl/sockets/        # if used (optional)
        └── mnt/asl/
            ├── local/              # local ZFS mount target
            └── remote/             # optional remote FS
        """;

    private const string Parents = "[parents]\nclause = \"OV-01\"\nmode = \"0755\"\nowner = \"root:root\"\nreason = \"r\"\n";

    [Fact]
    public void Every_path_of_the_schema_is_a_row_and_every_other_row_says_so()
    {
        var fromSchema = StagedTree.Contract.Rows.Where(row => row.IsFromSchema).Select(row => row.Path);
        // /run/asl is only drawn as the way to sockets, but it is where the schema's section 4 has the decision.
        Assert.Equal(PathsOf(SchemaTree).Append("/run/asl").Order(StringComparer.Ordinal), fromSchema.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_only_paths_beyond_the_schema_are_the_rules_two_links_and_the_first_screen()
    {
        var extra = StagedTree.Contract.Rows.Where(row => !row.IsFromSchema).Select(row => row.Path);
        Assert.All(extra, path => Assert.True(
            path.StartsWith("/etc/asl/rules", StringComparison.Ordinal)
            || path.StartsWith("/etc/systemd/system/multi-user.target.wants/asl-", StringComparison.Ordinal)
            || path == "/etc/profile.d/asl.sh"));
    }

    [Fact]
    public void The_source_tree_holds_each_file_of_the_contract_and_its_links_say_the_same()
    {
        var overlay = Path.Combine(StagedTree.Checkout, "overlay");
        foreach (var row in StagedTree.Contract.Rows.Where(row => row.Path.StartsWith("/etc/", StringComparison.Ordinal)))
        {
            var place = new FileInfo(overlay + row.Path);
            Assert.True(row.Path.StartsWith("/etc/asl/rules", StringComparison.Ordinal) || place.Exists || Directory.Exists(place.FullName), row.Path);
            Assert.Equal(row.Target, place.LinkTarget);
        }
    }

    [Fact]
    public void The_source_tree_holds_no_content_that_the_contract_forbids()
    {
        foreach (var row in StagedTree.Contract.Rows.Where(row => row.Kind == OverlayKind.File))
        {
            var place = StagedTree.Checkout + (row.Path.StartsWith("/etc/asl/rules/", StringComparison.Ordinal)
                ? "/rules/" + Path.GetFileName(row.Path)
                : "/overlay" + row.Path);
            Assert.Null(File.Exists(place) ? ContentScan.FindIn(StagedTree.Contract, place, row.Kind)?.What : null);
        }
    }

    [Fact]
    public void The_folders_on_the_way_are_the_base_systems() => Assert.Equal(
        ["/", "/etc", "/etc/profile.d", "/etc/systemd", "/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants", "/mnt",
         "/usr", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/var", "/var/lib"],
        StagedTree.Contract.ImpliedParents());

    [Theory]
    [InlineData("format = 2\n" + Parents, "c.toml:1:1", "format is 2")]
    [InlineData("format = 1\n", "c.toml", "[parents] is missing")]
    [InlineData("format = 1\nfoo = 1\n" + Parents, "c.toml:2:1", "the key foo is unknown here; known are format")]
    [InlineData("format = 1\n[parents]\nmode = 755\n", "c.toml:2:1", "the key clause is missing")]
    [InlineData("format = 1\n[paths]\nclause = \"OV-02\"\n", "c.toml:2:1", "paths is unknown")]
    [InlineData("format = 1\n" + Parents + "[[path]]\nclause = \"OV-01\"\n", "c.toml:7:1", "OV-01 is given twice")]
    [InlineData("format = 1\n" + Parents + "[[path]]\nclause = \"1\"\n", "c.toml:7:1", "not of the form")]
    [InlineData("format = \n", "c.toml:1", "")]
    public void A_contract_that_is_not_one_is_refused_with_its_line(string text, string where, string why) => AssertRefused(text, where, why);

    [Theory]
    [InlineData("path", "/a/../b", "not plain")]
    [InlineData("path", "relative", "not plain")]
    [InlineData("path", "/a//b", "not plain")]
    [InlineData("path", "/a/", "not plain")]
    [InlineData("path", "/", "not plain")]
    [InlineData("kind", "folder", "it can be file, dir, link, program, library")]
    [InlineData("mode", "755", "not of the form 0755")]
    [InlineData("mode", "4755", "run as somebody else")]
    [InlineData("mode", "0775", "lets others write")]
    [InlineData("owner", "root", "not of the form root:root")]
    [InlineData("owner", "alice:users", "not of the form root:root")]
    [InlineData("class", "static", "it can be immutable")]
    [InlineData("class", "state", "must be a folder")]
    [InlineData("origin", "mine", "it can be schema, extra")]
    [InlineData("reason", "", "reason must be a text")]
    [InlineData("target", "x", "the key target is unknown here")]
    [InlineData("owwner", "root:root", "the key owwner is unknown here")]
    public void A_row_that_cannot_be_is_refused(string key, string value, string why) =>
        AssertRefused("format = 1\n" + Parents + Row(new() { [key] = value }), "c.toml:", why);

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../elsewhere")]
    public void A_link_that_leaves_the_overlay_is_refused(string target) => AssertRefused(
        "format = 1\n" + Parents + Row(new() { ["kind"] = "link", ["mode"] = null, ["target"] = target }), "c.toml:7:1", "leaves the overlay");

    [Fact]
    public void A_path_with_two_rows_is_refused() => AssertRefused(
        "format = 1\n" + Parents + Row([]) + Row(new() { ["clause"] = "OV-03" }), "c.toml:16:1", "/opt/thing has a row already: OV-02");

    [Fact]
    public void A_row_below_a_file_is_refused() => AssertRefused(
        "format = 1\n" + Parents + Row([]) + Row(new() { ["clause"] = "OV-03", ["path"] = "/opt/thing/x" }),
        "c.toml:16:1",
        "lies below /opt/thing");

    [Theory]
    [InlineData("content = '('\n", "no regular expression")]
    [InlineData("", "nothing would be forbidden")]
    [InlineData("name = 'x'\nkinds = [\"folder\"]\n", "the kind \"folder\" is unknown")]
    [InlineData("name = 'x'\nkinds = \"file\"\n", "must be a list of texts")]
    public void A_forbidden_clause_that_cannot_be_is_refused(string lines, string why) => AssertRefused(
        "format = 1\n" + Parents + "[[forbidden]]\nclause = \"OV-80\"\nwhat = \"w\"\nfix = \"f\"\n" + lines, "c.toml:", why);

    [Fact]
    public void A_missing_contract_says_where_it_should_be()
    {
        var thrown = Assert.Throws<AslException>(() => OverlayContract.Load("/nowhere/overlay.toml"));
        Assert.Equal(ErrorCode.OverlayContractUnreadable, thrown.Error.Code);
        Assert.Equal(ExitCodes.RulesUnproved, ExitCodes.For(thrown.Error.Code));
        Assert.Contains(OverlayContract.InstalledPath, thrown.Error.Fix, StringComparison.Ordinal);
    }

    private static void AssertRefused(string text, string where, string why)
    {
        var thrown = Assert.Throws<AslException>(() => OverlayContract.Parse(Encoding.UTF8.GetBytes(text), "c.toml"));
        Assert.Equal(ErrorCode.OverlayContractInvalid, thrown.Error.Code);
        Assert.StartsWith(where, thrown.Error.Where, StringComparison.Ordinal);
        Assert.Contains(why, thrown.Error.Why, StringComparison.Ordinal);
    }

    /// <summary>A good row with some values changed; null leaves a key out.</summary>
    private static string Row(Dictionary<string, string?> changes)
    {
        var row = new Dictionary<string, string?>
        {
            ["clause"] = "OV-02", ["path"] = "/opt/thing", ["kind"] = "file", ["mode"] = "0644",
            ["owner"] = "root:root", ["class"] = "immutable", ["origin"] = "extra", ["reason"] = "r",
        };
        foreach (var (key, value) in changes)
        {
            row[key] = value;
        }

        return "[[path]]\n" + string.Concat(row.Where(pair => pair.Value is not null).Select(pair => $"{pair.Key} = \"{pair.Value}\"\n"));
    }

    /// <summary>The leaves and the drawn folders of the tree; a folder that only leads to one leaf is not a path of its own.</summary>
    private static IEnumerable<string> PathsOf(string tree)
    {
        var above = new Stack<string>();
        foreach (var line in tree.Split('\n').Skip(1))
        {
            var name = line.Split('#')[0].TrimStart('│', '├', '└', '─', ' ').Trim();
            var depth = line.IndexOf('─', StringComparison.Ordinal) / 4;
            while (above.Count > depth)
            {
                above.Pop();
            }

            var folder = above.Count == 0 ? "/" : above.Peek() + "/";
            var brace = name.IndexOf('{', StringComparison.Ordinal);
            var names = brace < 0 ? [name] : name[(brace + 1)..^1].Split(", ").Select(leaf => name[..brace] + leaf);
            foreach (var one in names)
            {
                above.Push(folder + one.TrimEnd('/'));
                yield return above.Peek();
            }
        }
    }
}
