using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Mounts;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Which pools there are. lsblk names the devices that look like members, and of each the label is read twice, by ourselves and by
/// `zdb -l`: neither needs the module, and neither writes. Ours counts, as it looks at the checksums, which zdb 2.1 does not; zdb's
/// counts where we could not read. libblkid is known to report stale signatures, so a device without a label is no member; but a device
/// whose label could not be read may be one. lsblk takes what disks hold from udev's database: where there is none, it shows
/// every disk as empty, without an error. So when it recognises nothing at all, each device is asked for a label.
/// </summary>
/// <param name="Pools">What was seen, by guid.</param>
/// <param name="Doubt">Why there may be more than that; null when everything was seen.</param>
/// <param name="Evidence">What was run.</param>
internal sealed record PoolSurvey(IReadOnlyList<PoolSeen> Pools, string? Doubt, IReadOnlyList<Evidence> Evidence)
{
    private const int MembersMax = 64;
    private const long LabelBytes = 1024 * 1024; // four labels of 256 KiB: less holds no pool
    private const string KernelPools = "/proc/spl/kstat/zfs";
    private static readonly TimeSpan ToolBudget = TimeSpan.FromSeconds(5);

    /// <summary>What lsblk listed; null when it did not.</summary>
    public BlockDeviceTree? Tree { get; init; }

    /// <summary>Where no pool is looked for.</summary>
    public static PoolSurvey Nothing { get; } = new([], null, []);

    public static async Task<PoolSurvey> TakeAsync(Machine machine, UdevQueue udev, CancellationToken cancellationToken)
    {
        var settled = await udev.SettledAsync(cancellationToken);
        var evidence = new List<Evidence> { settled.Evidence };
        var (tree, cause) = await DevicesAsync(machine, evidence, cancellationToken);
        var members = tree is null ? null : Members(machine, tree);
        if (members is null || members.Count > MembersMax)
        {
            return new PoolSurvey([], cause ?? $"more than {MembersMax} devices may be members of pools", evidence);
        }

        var labels = await Task.WhenAll(members.Select(device => LabelAsync(machine, device, cancellationToken)));
        evidence.AddRange(labels.SelectMany(label => label.Evidence));
        var doubt = settled.Cause ?? labels.FirstOrDefault(label => label.Cause is not null)?.Cause;
        var imported = machine.ListHost(KernelPools);
        return new PoolSurvey(Group(labels, imported, doubt is null), doubt ?? imported.Cause, [.. evidence, imported.Evidence])
        {
            Tree = tree,
        };
    }

    private static List<string> Members(Machine machine, BlockDeviceTree tree) =>
        tree.Devices.Any(device => device.FileSystem is not null)
            ? [.. tree.Devices.Where(device => device.FileSystem == "zfs_member").Select(device => device.Path)]
            : Unrecognised(machine, tree);

    /// <summary>Whatever could hold a pool: large enough, no table of partitions, and no other file system that is mounted.</summary>
    private static List<string> Unrecognised(Machine machine, BlockDeviceTree tree)
    {
        var mounted = MountTable.Read(machine.ReadHost("/proc/self/mountinfo").Text ?? "").Mounts.Select(mount => mount.Number).ToHashSet();
        return
        [
            .. from device in tree.Devices
               where device.Bytes > LabelBytes && tree.ChildrenOf(device).Count == 0
               where machine.ReadHost($"/sys/class/block/{Path.GetFileName(device.Path)}/dev").Text?.Trim() is not { } number
                   || !mounted.Contains(number)
               select device.Path,
        ];
    }

    private static async Task<(BlockDeviceTree? Tree, string? Cause)> DevicesAsync(
        Machine machine, List<Evidence> evidence, CancellationToken cancellationToken)
    {
        var command = new ToolCommand("lsblk", LsblkReader.PoolArguments, ToolBudget);
        var outcome = await machine.Tools.RunAsync(command, cancellationToken);
        evidence.Add(ToolEvidence.Of(command, outcome));
        if (outcome is not ToolOutcome.Ran { Exit: 0, IsCut: false } ran)
        {
            return (null, ToolEvidence.NoAnswer(command, outcome) ?? $"lsblk failed with {((ToolOutcome.Ran)outcome).Exit}");
        }

        return LsblkReader.Read(ran.Stdout) is { } tree ? (tree, null) : (null, "lsblk printed what cannot be understood");
    }

    private static async Task<MemberLabel> LabelAsync(Machine machine, string device, CancellationToken cancellationToken)
    {
        var reading = LabelRead.TakeAsync(machine, device, withUberblocks: false, cancellationToken);
        var zdb = await AskZdbAsync(machine, device, cancellationToken);
        var own = await reading;
        IReadOnlyList<Evidence> evidence = own.Labels is null && zdb.Cause is null ? zdb.Evidence : [.. zdb.Evidence, own.Evidence];
        return (own.Labels, zdb) switch
        {
            (null, { Cause: { } cause }) => new MemberLabel(device, null, $"{cause}, and {own.Cause}", evidence),
            (null, _) => zdb,

            // zdb alone sees a label: it may know of one that we do not understand.
            ({ Label: null, Doubt: null }, { Label: not null }) => new MemberLabel(device, null, $"{device}: zdb sees a label, and we see none", evidence),
            ({ } labels, _) => new MemberLabel(
                device, labels.Label, labels.Doubt is { } doubt ? $"{device}: {doubt}" : null, [.. evidence, .. Difference(device, labels.Label, zdb.Label)]),
        };
    }

    /// <summary>Both are recorded when zdb's label is another one.</summary>
    private static IEnumerable<Evidence> Difference(string device, PoolLabel? own, PoolLabel? zdb)
    {
        if (zdb is not null && zdb.Describe() != own?.Describe())
        {
            yield return new Evidence($"compared both labels of {device}") { Lines = [$"zdb: {zdb.Describe()}", $"counts: {own?.Describe() ?? "none"}"] };
        }
    }

    private static async Task<MemberLabel> AskZdbAsync(Machine machine, string device, CancellationToken cancellationToken)
    {
        var command = new ToolCommand("zdb", ["-l", device], ToolBudget);
        var outcome = await machine.Tools.RunAsync(command, cancellationToken);
        var evidence = ToolEvidence.Of(command, outcome);
        if (ToolEvidence.NoAnswer(command, outcome) is { } cause)
        {
            return new MemberLabel(device, null, $"{device}: {cause}", [evidence]);
        }

        var text = ((ToolOutcome.Ran)outcome).Stdout + "\n" + ((ToolOutcome.Ran)outcome).Stderr;
        if (ZdbText.Read(text) is { } label)
        {
            return new MemberLabel(device, label, null, [evidence]);
        }

        // "failed to unpack" was read and is no label; "failed to read" is an error of the disk, and says nothing.
        var isNoMember = text.Contains("failed to unpack label", StringComparison.Ordinal)
            && !text.Contains("failed to read label", StringComparison.Ordinal);
        return new MemberLabel(device, null, isNoMember ? null : $"{device}: zdb found no label that can be read", [evidence]);
    }

    private static List<PoolSeen> Group(IReadOnlyList<MemberLabel> members, FolderAnswer imported, bool isEverythingSeen) =>
    [
        .. from member in members
           where member.Label is { State: not (LabelState.Spare or LabelState.Cache) }
           group member by member.Label!.PoolGuid into pool
           orderby pool.Key
           select Pool([.. pool], imported, isEverythingSeen),
    ];

    private static PoolSeen Pool(IReadOnlyList<MemberLabel> members, FolderAnswer imported, bool isEverythingSeen)
    {
        var labels = members.Select(member => member.Label!).ToList();
        var newest = labels.MaxBy(label => label.Txg)!;
        var (health, missing) = PoolHealth.Judge(labels, isEverythingSeen);
        return new PoolSeen
        {
            Name = newest.Name,
            Guid = newest.PoolGuid,
            State = State(newest, imported),
            Health = health,
            MissingDevices = missing,
            OwnerHostId = newest.HostId,
            OwnerHostName = newest.HostName,
            MayBeEncrypted = newest.MayBeEncrypted,
            Devices = [.. members.Select(member => member.Device)],
        };
    }

    /// <summary>
    /// The hostid is not asked: rescue systems look alike in it, so an owner with our hostid is another machine all the same.
    /// What is imported here, the kernel lists.
    /// </summary>
    private static string State(PoolLabel label, FolderAnswer imported) => label.State switch
    {
        LabelState.Exported => "exported",
        LabelState.Destroyed => "destroyed",
        LabelState.Active when imported.Names?.Contains(label.Name) == true => "imported",
        LabelState.Active when imported.IsAbsent || imported.Names is not null => "foreign",
        _ => FactDefinition.Unknown,
    };

    private sealed record MemberLabel(string Device, PoolLabel? Label, string? Cause, IReadOnlyList<Evidence> Evidence);
}
