using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Pools;

/// <summary>
/// Which pools there are. lsblk names the devices that look like members, `zdb -l` reads the label of each: neither needs the
/// module, and neither writes. libblkid is known to report stale signatures, so a device without a label is no member; but a
/// device whose label could not be read may be one.
/// </summary>
/// <param name="Pools">What was seen, by guid.</param>
/// <param name="Doubt">Why there may be more than that; null when everything was seen.</param>
/// <param name="Evidence">What was run.</param>
internal sealed record PoolSurvey(IReadOnlyList<PoolSeen> Pools, string? Doubt, IReadOnlyList<Evidence> Evidence)
{
    private const int MembersMax = 64;
    private const string KernelPools = "/proc/spl/kstat/zfs";
    private static readonly TimeSpan SettleBudget = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToolBudget = TimeSpan.FromSeconds(5);

    /// <summary>What lsblk listed; null when it did not.</summary>
    public BlockDeviceTree? Tree { get; init; }

    /// <summary>Where no pool is looked for.</summary>
    public static PoolSurvey Nothing { get; } = new([], null, []);

    public static async Task<PoolSurvey> TakeAsync(Machine machine, CancellationToken cancellationToken)
    {
        var evidence = new List<Evidence>();
        var udev = await SettleAsync(machine, evidence, cancellationToken);
        var (tree, cause) = await DevicesAsync(machine, evidence, cancellationToken);
        var members = tree?.Devices.Where(device => device.FileSystem == "zfs_member").Select(device => device.Path).ToList();
        if (members is null || members.Count > MembersMax)
        {
            return new PoolSurvey([], cause ?? $"more than {MembersMax} devices look like members of pools", evidence);
        }

        var labels = await Task.WhenAll(members.Select(device => LabelAsync(machine, device, cancellationToken)));
        evidence.AddRange(labels.Select(label => label.Evidence));
        var doubt = SettleDoubt(udev, tree!.Devices) ?? labels.FirstOrDefault(label => label.Cause is not null)?.Cause;
        var imported = machine.ListHost(KernelPools);
        return new PoolSurvey(Group(labels, imported, doubt is null), doubt ?? imported.Cause, [.. evidence, imported.Evidence])
        {
            Tree = tree,
        };
    }

    /// <summary>At boot udev may still be probing disks. Waiting for it changes nothing.</summary>
    private static async Task<ToolOutcome> SettleAsync(Machine machine, List<Evidence> evidence, CancellationToken cancellationToken)
    {
        var command = new ToolCommand("udevadm", ["settle", "--timeout=4"], SettleBudget);
        var outcome = await machine.Tools.RunAsync(command, cancellationToken);
        evidence.Add(ToolEvidence.Of(command, outcome));
        return outcome;
    }

    /// <summary>
    /// lsblk takes what disks hold from udev's database. Where there is no udev, it may show every disk as empty, without an
    /// error: then an empty list is only believed when lsblk recognised something at all.
    /// </summary>
    private static string? SettleDoubt(ToolOutcome udev, IReadOnlyList<BlockDevice> devices) => udev switch
    {
        ToolOutcome.Ran { Exit: 0 } => null,
        ToolOutcome.Missing when devices.Count == 0 || devices.Any(device => device.FileSystem is not null) => null,
        ToolOutcome.Missing => "there is no udev, and lsblk recognises nothing on any disk",
        _ => "udev had not settled: disks may still be appearing",
    };

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
        var command = new ToolCommand("zdb", ["-l", device], ToolBudget);
        var outcome = await machine.Tools.RunAsync(command, cancellationToken);
        var evidence = ToolEvidence.Of(command, outcome);
        if (ToolEvidence.NoAnswer(command, outcome) is { } cause)
        {
            return new MemberLabel(device, null, $"{device}: {cause}", evidence);
        }

        var text = ((ToolOutcome.Ran)outcome).Stdout + "\n" + ((ToolOutcome.Ran)outcome).Stderr;
        if (LabelReader.Read(text) is { } label)
        {
            return new MemberLabel(device, label, null, evidence);
        }

        // "failed to unpack" was read and is no label; "failed to read" is an error of the disk, and says nothing.
        var isNoMember = text.Contains("failed to unpack label", StringComparison.Ordinal)
            && !text.Contains("failed to read label", StringComparison.Ordinal);
        return new MemberLabel(device, null, isNoMember ? null : $"{device}: zdb found no label that can be read", evidence);
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

    private sealed record MemberLabel(string Device, PoolLabel? Label, string? Cause, Evidence Evidence);
}
