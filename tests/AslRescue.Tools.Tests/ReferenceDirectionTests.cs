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

        // What verifies the evidence shares no code with what wrote it.
        ["Audit"] = [],
        ["Store"] = ["Shared"],
        ["Preflight"] = ["Shared"],
        ["Intake"] = ["Shared", "Store"],
        ["Tools"] = ["Shared", "Store", "Preflight", "Intake", "Audit"],
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

    /// <summary>Who writes files by other calls than <c>FileCalls</c>, which the guard at run time holds within bounds, and why that is in order.</summary>
    private static readonly Dictionary<string, string> OtherWriters = new()
    {
        ["Preflight/Records/DecisionFiles.cs"] = "below /run/asl, whose place RunFolderGuard has looked at",
        ["Intake/Control/ControlServer.cs"] = "the operator's socket below /run/asl",
        ["Intake/Steps/DirectoryAttach.cs"] = "tries whether the approved directory takes writes",
        ["Intake/Restoring/TreeRestorer.cs"] = "writes where a person said, never during an intake",
        ["Intake/IntakeLock.cs"] = "opens the lock below /var/lib/asl",
        ["Intake/Rehearsal/RehearsalScratch.cs"] = "the rehearsal's own folder in memory",
        ["Intake/Rehearsal/RehearsedMachine.cs"] = "below the rehearsal's own folder",
        ["Intake/Rehearsal/SyntheticSource.cs"] = "below the rehearsal's own folder",
        ["Store/Faults/CrashingFileSystem.cs"] = "undoes writes below the rehearsal's own folder, and a test's",
        ["Store/Segments/RunSpill.cs"] = "a file without a name, in the store's folder or where temporary files lie: no path leads to it",
        ["Store/Backends/ObjectCache.cs"] = "keeps copies in the cache below /var/lib/asl through a backend of its own, and drops what is damaged",
    };

    [Fact]
    public void Whoever_writes_files_of_an_intake_does_so_within_the_guards_bounds_or_is_listed()
    {
        var writers = ((string[])["Intake", "Store", "Preflight"]).SelectMany(layer => Directory.EnumerateFiles(Path.Combine(Sources, layer), "*.cs", SearchOption.AllDirectories))
            .Where(file => FileWriter().IsMatch(File.ReadAllText(file))).Select(file => Path.GetRelativePath(Sources, file));
        Assert.Equal(OtherWriters.Keys.Order(StringComparer.Ordinal), writers.Order(StringComparer.Ordinal));
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

    [GeneratedRegex(@"new FileStream\(|\bFile\.(Write|Append|Create|Open\(|OpenHandle|OpenWrite|Move|Copy|Delete|Replace|Set)|\bDirectory\.(Create|Delete|Move)|Posix\.(MakeDirectoryAt|RenameAt|UnlinkAt|LinkAt|SymlinkAt)|OpenFlags\.Create\b")]
    private static partial Regex FileWriter();

    [GeneratedRegex(@"\b(LibraryImport|DllImport)(Attribute)?\s*\(")]
    private static partial Regex ForeignFunction();
}
