using AslRescue.Preflight.Toml;

namespace AslRescue.Preflight.Tests;

/// <summary>
/// One of the machines below machines/: a copy of machines/base with the machine's own files over it. machines/README.md
/// describes the layout.
/// </summary>
internal sealed class MachineFolder : IDisposable
{
    private static readonly string All = Path.Combine(Repository.Tests, "machines");
    private readonly ScratchFolder _scratch = new();

    public MachineFolder(string name)
    {
        var own = Path.Combine(All, name);
        Expected = TomlSections.Parse(File.ReadAllText(Path.Combine(own, "expect.toml"))).Sections[0];
        Copy(Path.Combine(All, "base"), Root);
        Directory.CreateDirectory(Path.GetDirectoryName(Table)!);
        File.Copy(Repository.ShippedTable, Table);
        foreach (var absent in Expected.Find("without")?.Texts ?? [])
        {
            File.Delete(Path.Combine(Root, absent));
        }

        Copy(own, Root);
        Settings = WithoutRoot(ConfiguredSettings.Load(Root));
    }

    public static IEnumerable<string> Names =>
        Directory.GetDirectories(All).Select(folder => Path.GetFileName(folder)!).Where(name => name != "base").Order(StringComparer.Ordinal);

    public string Root => _scratch.Path;

    public TomlSection Expected { get; }

    private string Table => Path.Combine(Root, "etc/asl/rules/preflight.toml");

    public PreflightSettings Settings { get; }

    public Task<PreflightResult> RunAsync(bool isReportOnly = true, string? table = null) => RunInTimeAsync(new PreflightOptions
    {
        Root = Root,
        TablePath = table ?? Table,
        Settings = Settings,
        IsReportOnly = isReportOnly,
        IsScanAllowed = Expected.Find("scan")?.Value is true,
    });

    /// <summary>Budgets are of real time, which a busy machine may use up before a probe has got a thread: what hangs by itself hangs again.</summary>
    internal static async Task<PreflightResult> RunInTimeAsync(PreflightOptions options)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await PreflightRun.ExecuteAsync(options, TimeProvider.System, TestContext.Current.CancellationToken);
            if (attempt == 3 || !result.Record.Probes.Any(probe => probe.Problem?.Contains("did not end within", StringComparison.Ordinal) == true))
            {
                return result;
            }
        }
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Origins as they would be on that machine: texts must not depend on where the copy lies.</summary>
    private PreflightSettings WithoutRoot(PreflightSettings settings) => settings with
    {
        Problem = settings.Problem is { } problem ? problem with { Where = Plain(problem.Where) } : null,
        Mode = Plain(settings.Mode)!,
        LocalKind = Plain(settings.LocalKind)!,
        LocalPool = Plain(settings.LocalPool),
        LocalDataset = Plain(settings.LocalDataset),
        LocalMount = Plain(settings.LocalMount)!,
        LocalApproveImport = Plain(settings.LocalApproveImport),
        RemoteEndpoint = Plain(settings.RemoteEndpoint),
        RemoteApprove = Plain(settings.RemoteApprove),
        Sources = [.. settings.Sources.Select(source => Plain(source)!)],
    };

    private Setting<T>? Plain<T>(Setting<T>? setting) => setting is null ? null : setting with { Origin = Plain(setting.Origin)! };

    private string? Plain(string? text) => text?.Replace(Root, "", StringComparison.Ordinal);

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}
