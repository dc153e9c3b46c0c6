using System.Text.Json;
using AslRescue.Preflight.Toml;
using AslRescue.Shared.Errors;

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
        Settings = new MachineSettings(Root).Read();
    }

    public static IEnumerable<string> Names =>
        Directory.GetDirectories(All).Select(folder => Path.GetFileName(folder)!).Where(name => name != "base").Order(StringComparer.Ordinal);

    public string Root => _scratch.Path;

    public TomlSection Expected { get; }

    private string Table => Path.Combine(Root, "etc/asl/rules/preflight.toml");

    public PreflightSettings Settings { get; }

    public Task<PreflightResult> RunAsync(bool isReportOnly = true, string? table = null) => PreflightRun.ExecuteAsync(
        new PreflightOptions
        {
            Root = Root,
            TablePath = table ?? Table,
            Settings = Settings,
            IsReportOnly = isReportOnly,
            IsScanAllowed = Expected.Find("scan")?.Value is true,
        },
        TimeProvider.System, TestContext.Current.CancellationToken);

    public void Dispose() => _scratch.Dispose();

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

/// <summary>
/// As much of the configuration as machines need: /etc/asl/asl.conf and the kernel command line are trusted, the `asl` scope of
/// SystemRescue's YAML is not; later ones win. The programs use AslRescue.Shared.Configuration instead.
/// </summary>
internal sealed class MachineSettings(string root)
{
    private readonly Dictionary<string, (IReadOnlyList<string> Values, string Origin, bool IsTrusted)> _values = [];

    public PreflightSettings Read()
    {
        var (sections, problem) = TomlSections.Parse(Text("etc/asl/asl.conf"));
        if (problem is not null)
        {
            return new PreflightSettings
            {
                Problem = new AslError(ErrorCode.ConfigSyntax, "asl.conf is not TOML") { Where = "/etc/asl/asl.conf:1", Fix = "correct it" },
            };
        }

        foreach (var entry in sections[0].Entries)
        {
            _values[entry.Key] = (entry.Texts ?? [entry.Value is true ? "true" : "false"], $"/etc/asl/asl.conf:{entry.Line}", true);
        }

        Yaml();
        CommandLine();
        return Settings();
    }

    private PreflightSettings Settings()
    {
        var standard = new PreflightSettings();
        var approve = One("remote.approve");
        return standard with
        {
            Mode = One("mode") ?? standard.Mode,
            LocalKind = One("local.kind") ?? standard.LocalKind,
            LocalPool = One("local.pool"),
            LocalDataset = One("local.dataset"),
            LocalMount = One("local.mount") ?? standard.LocalMount,
            LocalApproveImport = One("local.approve-import"),
            RemoteEndpoint = One("remote.endpoint"),
            RemotePin = One("remote.pin"),
            RemoteApprove = approve is null ? null : new Setting<bool>(approve.Value == "true", approve.Origin, approve.IsTrusted),
            Sources = _values.TryGetValue("intake.sources", out var found)
                ? [.. found.Values.Select(source => new Setting<string>(source, found.Origin, found.IsTrusted))]
                : [],
        };
    }

    private Setting<string>? One(string key) =>
        _values.TryGetValue(key, out var found) ? new Setting<string>(found.Values[0], found.Origin, found.IsTrusted) : null;

    private void Yaml()
    {
        if (Text("etc/sysrescue/sysrescue-effective-config.json") is not { Length: > 0 } json)
        {
            return;
        }

        using var document = JsonDocument.Parse(json);
        foreach (var value in document.RootElement.GetProperty("asl").EnumerateObject())
        {
            IReadOnlyList<string> values = value.Value.ValueKind == JsonValueKind.Array
                ? [.. value.Value.EnumerateArray().Select(item => item.GetString()!)]
                : [value.Value.ToString()];
            _values[value.Name] = (values, "yaml", false);
        }
    }

    private void CommandLine()
    {
        foreach (var word in Text("proc/cmdline").Split([' ', '\n']).Where(word => word.StartsWith("asl.", StringComparison.Ordinal)))
        {
            var (key, value) = (word.Split('=')[0]["asl.".Length..], word.Split('=', 2)[1]);
            _values[key] = ([value], "kernel command line", true);
        }
    }

    private string Text(string path) =>
        File.Exists(Path.Combine(root, path)) ? File.ReadAllText(Path.Combine(root, path)) : "";
}
