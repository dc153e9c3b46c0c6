using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether ZFS can be used: its tools, and a module that fits the kernel and the tools. Nothing is loaded to find out.
/// </summary>
internal sealed class ZfsProbe : IProbe
{
    private const string Modules = "/lib/modules";

    public string Name => "zfs";

    public TimeSpan Budget => TimeSpan.FromSeconds(5);

    public IReadOnlyList<string> Facts => [FactIds.ZfsTools, FactIds.ZfsModule];

    public async Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var tools = ProgramFact.Of(FactIds.ZfsTools, context.Machine, "zpool", "zfs");
        context.Sheet.Add(tools);
        var module = Module(context.Machine);
        var isPair = tools.Value == "yes" && module.Value is "loaded" or "loadable";
        context.Sheet.Add(isPair ? await ComparedAsync(context.Machine, module, cancellationToken) : module);
    }

    /// <summary>The module beside the tools: a pair of two branches is a mismatch, and one that cannot be told is unknown.</summary>
    private static async Task<Fact> ComparedAsync(Machine machine, Fact module, CancellationToken cancellationToken)
    {
        var ofTools = ZfsRelease.OfToolsAsync(machine, cancellationToken);
        var ofModule = module.Value == "loaded"
            ? ZfsRelease.OfLoadedModule(machine)
            : await ZfsRelease.OfInstalledModuleAsync(machine, cancellationToken);
        return Compare(module, await ofTools, ofModule);
    }

    private static Fact Compare(Fact module, ZfsRelease tools, ZfsRelease kernel)
    {
        IReadOnlyList<Evidence> evidence = [.. module.Evidence, tools.Evidence, kernel.Evidence];
        return (tools.Cause ?? kernel.Cause) is { } cause ? Fact.Unknown(FactIds.ZfsModule, cause, evidence)
            : tools.Branch != kernel.Branch
            ? new Fact(FactIds.ZfsModule, "mismatch", $"the module is of ZFS {kernel.Text}, the tools are of {tools.Text}", evidence)
            : module with { Says = $"{module.Says}, version {kernel.Text}; the tools are of {tools.Text}", Evidence = evidence };
    }

    private static Fact Module(Machine machine)
    {
        var loaded = machine.ListHost("/sys/module");
        if (loaded.Names is null)
        {
            return Fact.Unknown(FactIds.ZfsModule, loaded.Cause ?? "the kernel shows no modules", loaded.Evidence);
        }

        if (loaded.Names.Contains("zfs"))
        {
            return new Fact(FactIds.ZfsModule, "loaded", "the module is loaded", [new Evidence("listed /sys/module") { Lines = ["zfs"] }]);
        }

        var release = machine.ReadHost("/proc/sys/kernel/osrelease");
        return release.Text?.Trim() is { Length: > 0 } kernel
            ? Loadable(machine, kernel)
            : Fact.Unknown(FactIds.ZfsModule, release.Cause ?? "the kernel does not say its release", release.Evidence);
    }

    private static Fact Loadable(Machine machine, string kernel)
    {
        var releases = machine.ListHost(Modules);
        if (releases.Cause is not null)
        {
            return Fact.Unknown(FactIds.ZfsModule, releases.Cause, releases.Evidence);
        }

        var lists = (releases.Names ?? []).Select(release => (release, file: machine.ReadHost($"{Modules}/{release}/modules.dep"))).ToList();
        var own = lists.FirstOrDefault(list => list.release == kernel).file;
        if (own?.Cause is not null)
        {
            return Fact.Unknown(FactIds.ZfsModule, own.Cause, own.Evidence);
        }

        var fitting = lists.Where(list => ZfsLine(list.file.Text) is not null).Select(list => list.release).ToList();
        var evidence = Evidence(kernel, own, fitting);
        return fitting.Contains(kernel)
            ? new Fact(FactIds.ZfsModule, "loadable", $"a module for kernel {kernel} is installed", evidence)
            : fitting.Count > 0
            ? new Fact(FactIds.ZfsModule, "mismatch", $"the module is for kernel {fitting[0]}, this is {kernel}", evidence)
            : new Fact(FactIds.ZfsModule, "absent", $"no module is installed for kernel {kernel}", evidence);
    }

    private static IReadOnlyList<Evidence> Evidence(string kernel, FileAnswer? own, List<string> fitting) =>
    [
        new($"read {Modules}/*/modules.dep")
        {
            Lines = [$"running {kernel}", $"zfs.ko for: {(fitting.Count == 0 ? "none" : string.Join(", ", fitting))}", .. Line(own)],
        },
    ];

    private static IEnumerable<string> Line(FileAnswer? own) => ZfsLine(own?.Text) is { } line ? [line] : [];

    /// <summary>"extra/zfs.ko.xz: extra/spl.ko.xz": the path of the module, then what it needs.</summary>
    private static string? ZfsLine(string? modulesDep)
    {
        foreach (var line in modulesDep?.Split('\n') ?? [])
        {
            var path = line.Split(':')[0];
            if (Path.GetFileName(path).StartsWith("zfs.ko", StringComparison.Ordinal))
            {
                return path;
            }
        }

        return null;
    }
}
