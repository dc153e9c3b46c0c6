using System.Text;
using System.Text.Json;
using AslRescue.Intake.Machine;
using AslRescue.Preflight.Decisions;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Contracts;
using AslRescue.Shared.Guard;

namespace AslRescue.Fuzz.Targets;

/// <summary>What a machine is told: its configuration from all its origins, and its rules.</summary>
internal static class ConfigurationTargets
{
    internal static IEnumerable<FuzzTarget> All =>
    [
        new("asl-conf", bytes => Load(OriginKind.File, ConfigurationFile.Asl, Toml(bytes, isLenient: true))) { BytesPerByte = 16 << 10, InputBytesMax = 4 << 10, Seeds = Machines("asl.conf") },
        new("federation-conf", bytes => Load(OriginKind.File, ConfigurationFile.Federation, Toml(bytes, isLenient: false))) { BytesPerByte = 16 << 10, InputBytesMax = 4 << 10, Seeds = Federation },
        new("logging-conf", bytes => Load(OriginKind.File, ConfigurationFile.Logging, Toml(bytes, isLenient: false))) { BytesPerByte = 16 << 10, InputBytesMax = 4 << 10, Seeds = Logging },
        new("sysrescue-json", bytes => Load(OriginKind.Yaml, null, () => SystemRescueConfiguration.Read("effective.json", bytes))) { Seeds = Machines("sysrescue-effective-config.json") },
        new("kernel-command-line", CommandLine) { Seeds = Machines("cmdline") },
        new("preflight-rules", bytes => _ = TableProof.Prove("preflight.toml", bytes)) { BytesFixed = 64 << 20, BytesPerByte = 64 << 10, InputBytesMax = 6 << 10, Seeds = Rules("preflight.toml") },
        new("intake-contract", Contract) { BytesFixed = 16 << 20, BytesPerByte = 16 << 10, InputBytesMax = 12 << 10, Seeds = Rules("intake.toml") },
        new("overlay-contract", Overlay) { BytesFixed = 16 << 20, BytesPerByte = 16 << 10, InputBytesMax = 12 << 10, Seeds = Rules("overlay.toml") },
    ];

    private static Func<IReadOnlyList<RawEntry>> Toml(byte[] bytes, bool isLenient) => () => TomlReader.Read(new("file.conf", Encoding.UTF8.GetString(bytes)), isLenient);

    private static void Load(OriginKind kind, ConfigurationFile? file, Func<IReadOnlyList<RawEntry>> read) => FuzzTarget.Refusing(() =>
    {
        var merge = new ConfigurationMerge();
        merge.Add(new ConfigurationLayer(kind, file, read()));
        var configuration = merge.Build(new ConfigurationPaths("/root"));
        using var json = new MemoryStream();
        using var writer = new Utf8JsonWriter(json);
        ConfigurationListing.WriteJson(configuration, writer);
        return ConfigurationListing.Text(configuration).Length;
    });

    private static void CommandLine(byte[] bytes)
    {
        Load(OriginKind.KernelCommandLine, null, () => KernelCommandLine.Read("/proc/cmdline", bytes));
        _ = StorageReader.ReadMediumLabel(Encoding.UTF8.GetString(bytes));
    }

    private static void Contract(byte[] bytes)
    {
        if (FuzzTarget.Refusing(() => ContractFile.Parse("intake.toml", bytes)) is { } contract)
        {
            _ = FuzzTarget.Refusing(() => ContractProof.Of(contract));
        }
    }

    private static void Overlay(byte[] bytes) =>
        FuzzTarget.Refusing(() => OverlayContractReader.Read(Encoding.UTF8.GetString(bytes), "overlay.toml").Rows.Count);

    /// <summary>Of the recorded machines, those files that differ.</summary>
    private static Func<IEnumerable<(string Name, byte[] Content)>> Machines(string file) => () =>
        Fixtures.Files("tests/AslRescue.Preflight.Tests/machines", file).DistinctBy(seed => Convert.ToBase64String(seed.Content)).Take(12);

    private static Func<IEnumerable<(string Name, byte[] Content)>> Rules(string file) => () =>
        Cut(Fixtures.Files("rules", file, 1 << 20).Single().Content).Select((content, index) => ($"{Path.GetFileNameWithoutExtension(file)}-{index}", content));

    /// <summary>The beginning of a long file, and its head with each of some of its tables.</summary>
    private static IEnumerable<byte[]> Cut(byte[] content)
    {
        const int bytesMax = 4 << 10;
        if (content.Length <= bytesMax)
        {
            yield return content;
        }

        var lines = string.Join('\n', Encoding.UTF8.GetString(content).Split('\n').Where(line => !line.StartsWith('#')));
        var tables = lines.Split("\n[[");
        for (var first = 1; first < tables.Length && first < 40; first += 8)
        {
            var text = tables[0] + string.Concat(tables.Skip(first).Take(8).Select(table => "\n[[" + table));
            yield return Encoding.UTF8.GetBytes(text.Length <= bytesMax ? text : text[..bytesMax]);
        }
    }

    private static IEnumerable<(string Name, byte[] Content)> Federation()
    {
        yield return ("peers", """
            domain.id = "lab"
            [[peers]]
            id = "other"
            endpoint = "https://other.example:8443"
            role = "read"
            trust = true
            keys = ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"]
            """u8.ToArray());
    }

    private static IEnumerable<(string Name, byte[] Content)> Logging()
    {
        yield return ("levels", "level = \"debug\"\nconsole.level = \"warning\"\n[file]\nlevel = \"verbose\"\npath = \"/var/lib/asl/log\"\n"u8.ToArray());
    }
}
