using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether ZFS can be used: its tools, and a module that fits the kernel and the tools. Nothing is loaded to find out. But udev loads it
/// when a member of a pool appears, so udev is waited for, and then a module that is just being loaded.
/// </summary>
internal sealed class ZfsProbe : IProbe
{
    private const string Modules = "/lib/modules";
    private const string LoadState = "/sys/module/zfs/initstate";
    private static readonly TimeSpan LoadStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LoadMax = TimeSpan.FromSeconds(5);

    public string Name => "zfs";

    public TimeSpan Budget => TimeSpan.FromSeconds(15);

    public IReadOnlyList<string> Facts => [FactIds.ZfsTools, FactIds.ZfsModule];

    public async Task LookAsync(ProbeContext context, CancellationToken cancellationToken)
    {
        var tools = ProgramFact.Of(FactIds.ZfsTools, context.Machine, "zpool", "zfs");
        context.Sheet.Add(tools);
        var settled = await context.Udev.SettledAsync(cancellationToken);
        var module = await LoadingAsync(context.Machine, cancellationToken) ?? Module(context.Machine);
        module = module.Value == "loadable" && settled.Cause is not null ? module with { Evidence = [.. module.Evidence, settled.Evidence] } : module;
        var isPair = tools.Value == "yes" && module.Value is "loaded" or "loadable";
        context.Sheet.Add(isPair ? await ComparedAsync(context.Machine, module, cancellationToken) : module);
    }

    /// <summary>Waits while the module is being loaded. A module that is built in has no such state.</summary>
    /// <returns>Null when it is not loading, or has become loaded.</returns>
    private static async Task<Fact?> LoadingAsync(Machine machine, CancellationToken cancellationToken)
    {
        var state = machine.ReadHost(LoadState);
        for (var waited = TimeSpan.Zero; state.Text?.Trim() is "coming" && waited < LoadMax; waited += LoadStep)
        {
            await machine.PauseAsync(LoadStep, cancellationToken);
            state = machine.ReadHost(LoadState);
        }

        return state.Text?.Trim() is "coming" or "going"
            ? Fact.Unknown(FactIds.ZfsModule, $"the module is just being {(state.Text.Trim() == "coming" ? "loaded" : "unloaded")}", state.Evidence)
            : null;
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
