using System.Reflection;
using System.Text.RegularExpressions;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Contracts;
using AslRescue.Store.Backends;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests.Contracts;

/// <summary>The formal contract: its pages say what the rule files say, and nothing in the schema, the code or the tests is left over.</summary>
public sealed partial class ContractPageTests
{
    private static readonly OverlayContract Overlay = OverlayContract.Load(Checkout.PathOf("rules/overlay.toml"));
    private static readonly Contract Intake = ContractFile.Load(Checkout.PathOf("rules/intake.toml"));
    private static readonly Mapping Mapping = Mapping.Read(Checkout.PathOf("rules/mapping.toml"));

    private static readonly Assembly[] Assemblies =
        [typeof(OverlayContract).Assembly, typeof(IBackend).Assembly, typeof(Contract).Assembly, typeof(Preflight.PreflightRun).Assembly, typeof(Audit.AuditResult).Assembly];

    [Theory]
    [InlineData("docs/overlay-contract.md")]
    [InlineData("docs/backend-mapping.md")]
    public void A_page_says_what_the_rule_files_say(string page)
    {
        var made = page == "docs/overlay-contract.md" ? ContractPages.OverlayContract(Overlay, Intake) : ContractPages.BackendMapping(Mapping, Overlay, Intake);
        var path = Checkout.PathOf(page);
        if (Golden.IsUpdating)
        {
            File.WriteAllText(path, made);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == made, $"{page} is not what the rule files say. {Golden.HowToUpdate}");
    }

    [Fact]
    public void Every_clause_and_guarantee_is_mapped_and_nothing_else_is()
    {
        string[] clauses =
        [
            Overlay.Parents.Clause, .. Overlay.Rows.Select(row => row.Clause), .. Overlay.Units.Select(unit => unit.Clause), .. Overlay.Forbidden.Select(forbidden => forbidden.Clause),
            Contract.HaltClause, .. Intake.Clauses.Select(clause => clause.Id), .. Mapping.Guarantees.Select(guarantee => guarantee.Id),
        ];
        Assert.Equal(clauses.Order(), Mapping.Maps.SelectMany(map => map.Clauses).Distinct().Order());
        Assert.All(Mapping.Maps, map => Assert.True(map.Operations.Count > 0 && map.Tests.Count > 0, $"{map.Clauses[0]} has no operation or no test"));
    }

    [Fact]
    public void Every_clause_speaks_with_a_word_of_RFC_2119() =>
        Assert.All(Mapping.Guarantees.Select(guarantee => guarantee.Text).Concat(Intake.Clauses.Select(clause => clause.Text)), text => Assert.Matches(Demand(), text));

    [Fact]
    public void Every_operation_that_is_named_is_there_and_every_operation_of_a_backend_is_named()
    {
        var named = Mapping.Maps.SelectMany(map => map.Operations).Distinct().ToList();
        Assert.All(named, name => Assert.True(IsThere(name), $"{name} is no member of a type of ours"));
        var backend = typeof(IBackend).GetMembers().Where(member => member is not MethodInfo { IsSpecialName: true }).Select(member => $"IBackend.{member.Name}");
        Assert.Subset(named.ToHashSet(), backend.ToHashSet());
    }

    [Fact]
    public void Every_test_that_is_named_is_there()
    {
        var sources = Directory.EnumerateFiles(Checkout.PathOf("tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);
        Assert.All(Mapping.Maps.SelectMany(map => map.Tests).Distinct(), name => Assert.True(
            name.Contains('/', StringComparison.Ordinal) ? Path.Exists(Checkout.PathOf(name))
                : name.Split('.') is [var type, var method] && sources[type].Any(source => method == "*" || source.Contains($" {method}(", StringComparison.Ordinal)),
            $"{name} is no test"));
    }

    [Fact]
    public void Every_script_of_the_acceptance_tests_shows_some_guarantee_or_is_known_to_be_about_something_else()
    {
        string[] others = ["damaged_disk.py", "full_disk.py", "screens.py", "s3_storage.py", "release.py", "rehearsal.py", "inspect_store.py"];
        string[] parts = ["remoteparts.py", "s3engine.py", "systemcalls.py", "treecompare.py", "endpoint_server.py", "failing_disk.py", "host_facts.py", "longnames.py"];
        var named = Mapping.Maps.SelectMany(map => map.Tests).Where(name => name.StartsWith("tests/acceptance/", StringComparison.Ordinal)).Select(Path.GetFileName).Concat(others).Concat(parts);
        Assert.Subset(named.ToHashSet(), Directory.EnumerateFiles(Checkout.PathOf("tests/acceptance"), "*.py").Select(Path.GetFileName).ToHashSet());
    }

    private static bool IsThere(string name)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        return name.Split('.') is [var type, var member]
            && Assemblies.SelectMany(assembly => assembly.GetTypes()).Any(found => found.Name == type && (member == "*" || found.GetMember(member, All).Length > 0));
    }

    [GeneratedRegex(@"\b(MUST|MUST NOT|SHOULD|SHOULD NOT|MAY)\b")]
    private static partial Regex Demand();
}
