using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Processes;

namespace AslRescue.Shared.Tests.Guard;

/// <summary>
/// A folder below machines/: lsblk.json (none: lsblk is not installed), proc, sys, `links` (a link and where it leads), and `expect`
/// (where things lie, then one judgement a line). Nothing of the machine that runs the test is asked.
/// </summary>
internal sealed class GuardMachine : IToolRunner, IPathView
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _links;
    private readonly HashSet<string> _claimed;
    private readonly HashSet<string> _devices;

    private GuardMachine(string name)
    {
        _folder = Path.Combine(All, name);
        _links = Lines("links").Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
        Expected = [.. Lines("expect").Where(line => !line.StartsWith('#'))];
        _claimed = Words("claimed");
        _devices = Words("devices");
    }

    public static string All { get; } = RepositoryRoot.PathOf("tests/AslRescue.Shared.Tests/Guard/machines");

    public IReadOnlyList<string> Expected { get; }

    public required Storage Storage { get; init; }

    public static async Task<GuardMachine> OpenAsync(string name)
    {
        var machine = new GuardMachine(name) { Storage = null! };
        var storage = await new StorageReader(machine, machine, machine._folder).ReadAsync(TestContext.Current.CancellationToken);
        machine._devices.UnionWith(storage.Devices?.Devices.Select(device => device.Path) ?? []);
        return new GuardMachine(name) { Storage = storage };
    }

    public string Word(string key) => Expected.Single(line => line.StartsWith(key + " ", StringComparison.Ordinal))[(key.Length + 1)..];

    public ToolPlace Find(string program) => throw new NotSupportedException();

    public Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken)
    {
        Assert.Equal("lsblk", command.Program);
        var path = Path.Combine(_folder, "lsblk.json");
        return Task.FromResult<ToolOutcome>(File.Exists(path)
            ? new ToolOutcome.Ran(0, File.ReadAllText(path), "", IsCut: false, TimeSpan.Zero)
            : new ToolOutcome.Missing(TimeSpan.Zero));
    }

    public string Resolve(string path)
    {
        foreach (var (link, target) in _links)
        {
            if (path == link || path.StartsWith(link + "/", StringComparison.Ordinal))
            {
                return target + path[link.Length..];
            }
        }

        return path;
    }

    public (FileKind Kind, string? Number)? Look(string path) => _devices.Contains(path) ? (FileKind.BlockDevice, null) : (FileKind.Directory, null);

    public bool IsClaimed(string device) => _claimed.Contains(device);

    private string[] Lines(string name)
    {
        var path = Path.Combine(_folder, name);
        return File.Exists(path) ? [.. File.ReadAllLines(path).Where(line => line.Length > 0)] : [];
    }

    private HashSet<string> Words(string key) =>
        [.. Expected.Where(line => line.StartsWith(key + " ", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..])];
}
