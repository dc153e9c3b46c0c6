using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Preflight.Toml;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Machines;

/// <summary>
/// machine.toml: what cannot be a file of the folder. Its clock, the programs it has, what they printed, and what the network
/// answered. tests/AslRescue.Preflight.Tests/machines/README.md describes the layout.
/// </summary>
internal sealed class RecordedMachine
{
    private const string FileName = "machine.toml";

    private readonly string _root;
    private readonly IReadOnlyList<TomlSection> _sections;
    private readonly ConcurrentDictionary<string, int> _opened = new();

    private RecordedMachine(string root, IReadOnlyList<TomlSection> sections)
    {
        (_root, _sections) = (root, sections);
        Clock = new RecordedClock(Now(sections[0]));
        Tools = new RecordedTools(root, sections);
        Endpoint = new RecordedEndpoint(sections.FirstOrDefault(section => section.Header == "network"));
    }

    public TimeProvider Clock { get; }

    public IToolRunner Tools { get; }

    public IEndpointDialer Endpoint { get; }

    /// <summary>Why the machine does not let a file or folder be read; null when it does.</summary>
    public string? RefusalOf(string path) =>
        _sections.FirstOrDefault(section => section.Header == "refused" && section.Text("path") == path)?.Text("reason");

    /// <summary>A device of the machine.</summary>
    public DeviceAnswer OpenDevice(string path) =>
        _sections.FirstOrDefault(section => section.Header == "device" && section.Text("path") == path) is { } device
            ? RecordedDevice.Open(_root, device, _opened.AddOrUpdate(path, 0, (_, before) => before + 1))
            : new DeviceAnswer(null, "no recording of this device");

    public static RecordedMachine? ReadIfThere(string root)
    {
        var path = Path.Combine(root, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var (sections, problem) = TomlSections.Parse(File.ReadAllText(path));
        return problem is null
            ? new RecordedMachine(root, sections)
            : throw new AslException(new AslError(ErrorCode.Usage, "the recorded machine cannot be read")
            {
                Where = path,
                Why = problem,
                Fix = "correct machine.toml, or remove it if the folder is a staged tree",
            });
    }

    private static DateTimeOffset Now(TomlSection head) => DateTimeOffset.Parse(
        head.Text("now") ?? "2026-12-01T12:00:00Z", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The recorded time of day; spans of time are real, so that budgets still work.</summary>
    private sealed class RecordedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
