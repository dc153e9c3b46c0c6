using System.Text.RegularExpressions;
using System.Xml.Linq;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>
/// Layers, held by reading the project files: Shared ← Store ← Intake ← Tools; Shared ← Preflight ← Tools; Store ← Backend, LibAsl.
/// CONTRIBUTING.md says why.
/// </summary>
public sealed partial class ReferenceDirectionTests
{
    /// <summary>For each project all that it may see. A new project needs a line here, so that its place is decided and not found.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Shared"] = [],
        ["Store"] = ["Shared"],
        ["Preflight"] = ["Shared"],
        ["Intake"] = ["Shared", "Store"],
        ["Tools"] = ["Shared", "Store", "Preflight", "Intake"],
        ["Backend"] = ["Shared", "Store"],
        ["LibAsl"] = ["Shared", "Store"],
    };

    private static readonly string[] KindFolders = ["Interfaces", "Models", "Helpers", "Managers", "Utils", "Utilities", "Common", "Misc"];

    private static readonly string Sources = Checkout.PathOf("src");

    [Fact]
    public void Every_project_refers_only_to_layers_below_it()
    {
        foreach (var (project, references) in Projects())
        {
            Assert.True(Allowed.TryGetValue(project, out var allowed), $"src/{project} has no place among the layers: give it one in {nameof(ReferenceDirectionTests)}");
            Assert.All(references, reference => Assert.True(allowed.Contains(reference), $"src/{project} must not refer to {reference}: that arrow points back"));
        }
    }

    [Fact]
    public void Preflight_never_sees_the_store_not_even_through_another_project()
    {
        var projects = Projects();
        HashSet<string> seen = [];
        Queue<string> open = new(["Preflight"]);
        while (open.TryDequeue(out var project))
        {
            foreach (var reference in projects[project].Where(seen.Add))
            {
                open.Enqueue(reference);
            }
        }

        Assert.DoesNotContain("Store", seen);
    }

    [Fact]
    public void No_project_takes_another_by_its_file_instead_of_by_a_reference() =>
        Assert.All(ProjectFiles(), file => Assert.Empty(XDocument.Load(file).Descendants("Reference")));

    [Fact]
    public void Folders_are_named_for_what_they_do_and_not_for_the_kind_of_what_they_hold()
    {
        var named = Directory.EnumerateDirectories(Sources, "*", SearchOption.AllDirectories)
            .Where(folder => KindFolders.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase));
        Assert.Empty(named);
    }

    [Fact]
    public void Foreign_functions_are_called_only_from_Shared_Interop()
    {
        var interop = Path.Combine(Sources, "Shared/Interop") + "/";
        var callers = Directory.EnumerateFiles(Sources, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(interop, StringComparison.Ordinal) && ForeignFunction().IsMatch(File.ReadAllText(file)));
        Assert.Empty(callers);
    }

    [Fact]
    public void Every_package_has_its_line_in_the_decision_record()
    {
        var record = File.ReadAllText(Checkout.PathOf("docs/adr/0001-packages.md"));
        var packages = XDocument.Load(Checkout.PathOf("Directory.Packages.props")).Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value);
        Assert.All(packages, package => Assert.Contains($"| {package} |", record, StringComparison.Ordinal));
    }

    private static Dictionary<string, string[]> Projects()
    {
        var projects = ProjectFiles().ToDictionary(
            file => Path.GetFileName(Path.GetDirectoryName(file)!),
            file => XDocument.Load(file).Descendants("ProjectReference")
                .Select(reference => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, reference.Attribute("Include")!.Value)))
                .Select(path => Path.GetFileName(Path.GetDirectoryName(path)!))
                .ToArray());
        Assert.True(projects.Count >= 5, "the project files were not found where they should be");
        return projects;
    }

    private static IEnumerable<string> ProjectFiles() => Directory.EnumerateFiles(Sources, "*.csproj", SearchOption.AllDirectories);

    [GeneratedRegex(@"\b(LibraryImport|DllImport)(Attribute)?\s*\(")]
    private static partial Regex ForeignFunction();
}
