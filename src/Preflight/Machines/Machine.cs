using System.Buffers;
using System.Text;
using AslRescue.Preflight.Network;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Machines;

/// <summary>
/// The machine that probes look at. Nothing in a probe names the running system by itself; it asks here. There are two kinds:
/// <list type="bullet">
/// <item>A <em>live</em> machine. Root is "/", or a staged tree: then the places that belong to ASL (/etc/asl, /var/lib/asl,
/// /run/asl, what local.mount names) lie below that root, and all the rest (/proc, /sys, programs, the network) is the running
/// machine's own.</item>
/// <item>A <em>recorded</em> machine: a folder with a machine.toml. Then everything is in the folder, and the running machine is
/// not asked for anything: not its files, its programs, its network or its clock.</item>
/// </list>
/// The marker decides, and nothing else: a live look never falls back to a recording, or a recording to the live machine, because
/// then a file that is missing would quietly be answered by another machine.
/// </summary>
public sealed class Machine
{
    private const int CharsMax = 8 * 1024 * 1024;
    private const int HeadChars = 16 * 1024;
    private readonly RecordedMachine? _recorded;

    private Machine(string root, RecordedMachine? recorded, TimeProvider time)
    {
        _recorded = recorded;
        Root = root;
        IsRecorded = recorded is not null;
        Time = recorded?.Clock ?? time;
        Tools = recorded?.Tools ?? (IToolRunner)new ToolRunner(time);
        Endpoint = recorded?.Endpoint ?? (IEndpointDialer)new EndpointDialer(time);
    }

    /// <summary>"/" or the folder that stands for it, absolute.</summary>
    public string Root { get; }

    /// <summary>Whether the folder is a recording.</summary>
    public bool IsRecorded { get; }

    /// <summary>The machine's clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Programs of the machine.</summary>
    public IToolRunner Tools { get; }

    /// <summary>The network beyond the machine.</summary>
    public IEndpointDialer Endpoint { get; }

    /// <summary>Opens "/", a staged tree, or a recorded machine.</summary>
    /// <exception cref="Shared.Errors.AslException">The folder has a machine.toml that cannot be understood.</exception>
    public static Machine Open(string root, TimeProvider time)
    {
        var full = Path.GetFullPath(root);
        return new Machine(full, full == "/" ? null : RecordedMachine.ReadIfThere(full), time);
    }

    /// <summary>Where a place of ASL, or one that the configuration names, really lies.</summary>
    public string AslPath(string path) => Below(path);

    /// <summary>Where a place of the system lies.</summary>
    public string HostPath(string path) => IsRecorded ? Below(path) : path;

    /// <summary>
    /// How the table of mounts names a place of ASL: a recorded table was written where the place had no root before it. Links
    /// are not followed, as that would touch the place, and what is mounted there may hang.
    /// </summary>
    public string MountName(string path) => IsRecorded ? path : AslPath(path);

    /// <summary>The text of a file of the system, bounded; an error is told apart from an absence.</summary>
    public FileAnswer ReadHost(string path) => Read(path, HostPath(path));

    /// <summary>The first 16 Ki characters of a file of the system, for what shows at its head.</summary>
    public FileAnswer ReadHostHead(string path) => Read(path, HostPath(path), isHead: true);

    /// <summary>The same for a place of ASL, or one that the configuration names.</summary>
    public FileAnswer ReadAsl(string path) => Read(path, AslPath(path));

    /// <summary>Opens a device for reading. It may block for as long as the device does.</summary>
    public DeviceAnswer OpenDevice(string path) => _recorded is null ? LiveDevice.Open(path) : _recorded.OpenDevice(path);

    /// <summary>Lets time pass; on a recorded machine the time is past already.</summary>
    public Task PauseAsync(TimeSpan time, CancellationToken cancellationToken) =>
        IsRecorded ? Task.CompletedTask : Task.Delay(time, Time, cancellationToken);

    /// <summary>The names in a folder of the system, sorted.</summary>
    public FolderAnswer ListHost(string path)
    {
        if (_recorded?.RefusalOf(path) is { } reason)
        {
            return new FolderAnswer(path, null, reason);
        }

        try
        {
            var names = Directory.EnumerateFileSystemEntries(HostPath(path)).Select(entry => Path.GetFileName(entry)!);
            return new FolderAnswer(path, [.. names.Order(StringComparer.Ordinal)], null);
        }
        catch (DirectoryNotFoundException)
        {
            return new FolderAnswer(path, null, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FolderAnswer(path, null, e.Message);
        }
    }

    private FileAnswer Read(string name, string path, bool isHead = false)
    {
        if (_recorded?.RefusalOf(name) is { } reason)
        {
            return new FileAnswer(name, null, reason);
        }

        // Most are a few bytes of /proc and /sys, and there are many of them: they share what would be their largest buffer.
        var buffer = ArrayPool<char>.Shared.Rent(HeadChars);
        try
        {
            using var reader = new StreamReader(path);
            var text = new StringBuilder();
            int read;
            while ((read = reader.Read(buffer, 0, HeadChars)) > 0)
            {
                text.Append(buffer, 0, read);
                if (isHead && text.Length >= HeadChars)
                {
                    break;
                }

                if (text.Length > CharsMax)
                {
                    return new FileAnswer(name, null, "longer than any file that is looked at");
                }
            }

            return new FileAnswer(name, text.ToString(), null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new FileAnswer(name, null, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileAnswer(name, null, e.Message);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private string Below(string path) => Root == "/" ? path : Root + Path.GetFullPath(path);
}
