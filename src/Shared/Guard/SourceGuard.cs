using AslRescue.Shared.Devices;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>Who decided to read the sources.</summary>
public enum GuardCaller
{
    /// <summary>A person who named source and store in one command.</summary>
    ByHand,

    /// <summary>The service, from configuration and approval.</summary>
    Service,
}

/// <summary>
/// Whether a source may be read, given what is written to. A block device is judged by disks: whatever is written must lie on none of
/// its disks. A tree or an image file is judged by places: it must not hold what is written to, nor lie in it; whether it may share
/// a disk with it depends on who asks. docs/guard.md has the rules and their words, docs/adr the reasons.
/// </summary>
/// <remarks>Judges only what <see cref="Storage"/> shows: a pure function, so recordings of machines serve as tests.</remarks>
public sealed class SourceGuard
{
    private readonly Storage _storage;
    private readonly Footprint _footprint;
    private readonly IReadOnlyList<ProtectedPlace> _places;
    private readonly GuardCaller _caller;
    private readonly RescueMedium _medium;

    /// <param name="storage">The machine.</param>
    /// <param name="places">What must not lie under a source.</param>
    /// <param name="caller">Who asks.</param>
    public SourceGuard(Storage storage, IReadOnlyList<ProtectedPlace> places, GuardCaller caller)
    {
        (_storage, _footprint, _places, _caller) = (storage, new Footprint(storage), places, caller);
        _medium = new RescueMedium(storage, _footprint);
    }

    /// <summary>Judges a path: a directory, a file or a block device. What is not there is nobody's disk, and allowed here.</summary>
    public SourceVerdict Judge(string source)
    {
        var real = _storage.Paths.Resolve(source);
        if (_storage.DeviceAt(real) is { } device)
        {
            return Judge(device, source);
        }

        return _storage.Paths.Look(real) is (FileKind.BlockDevice, _)
            ? SourceVerdict.Refused(source, GuardRule.Unseen, _storage.DevicesCause ?? "lsblk does not list this device", "install or repair util-linux: lsblk")
            : JudgeTree(source, real);
    }

    /// <summary>Judges a block device.</summary>
    /// <param name="device">One of the tree's.</param>
    /// <param name="source">How the operator named it; null for its path.</param>
    public SourceVerdict Judge(BlockDevice device, string? source = null)
    {
        source ??= device.Path;
        return HoldsMedium(source, device)
            ?? HoldsPlace(source, device)
            ?? BehindDevice(source, device)
            ?? new DeviceUse(_storage, _footprint).Judge(source, device)
            ?? SourceVerdict.Allowed(source, new DeviceUse(_storage, _footprint).Warnings(device));
    }

    private SourceVerdict? HoldsPlace(string source, BlockDevice device)
    {
        foreach (var place in _places)
        {
            if (SharedDisk(_footprint.DisksOf(device), place.Chains(_footprint)) is { } chain)
            {
                var where = chain.Links.Contains(device.Path) ? ""
                    : IsOtherWay(device, chain.Device) ? $"it is another way to the disk {chain.Device.Path}: " : "it shares a disk: ";
                return SourceVerdict.Refused(
                    source, GuardRule.HoldsPlace, $"{where}{chain} holds {place}",
                    "name another disk; or put the store on another disk, and start the rescue system from another one");
            }
        }

        return null;
    }

    private SourceVerdict? HoldsMedium(string source, BlockDevice device) =>
        SharedDisk(_footprint.DisksOf(device), _medium.Chains) is { } chain ? OfMedium(source, chain.ToString()) : null;

    /// <summary>A loop device is its file: one that lies in the store is no source.</summary>
    private SourceVerdict? BehindDevice(string source, BlockDevice device) =>
        _footprint.DisksOf(device).Select(_storage.FileBehind).OfType<string>()
            .Select(file => HoldsOrLiesIn(source, _storage.Paths.Resolve(file))).FirstOrDefault(verdict => verdict is not null);

    private SourceVerdict JudgeTree(string source, string real) =>
        HoldsOrLiesIn(source, real)
        ?? InMedium(source, real)
        ?? AttachedImage(source, real)
        ?? OnSameDisk(source, real)
        ?? SourceVerdict.Allowed(source, [.. TreeWarnings(real)]);

    /// <summary>Also through another name: the tree's own mount and every mount below it may show what is written to.</summary>
    private SourceVerdict? HoldsOrLiesIn(string source, string real)
    {
        var written = _places.Where(place => place.IsWritten).Select(place => (Place: place, Places: place.Places(_footprint))).ToList();
        var own = _footprint.Places(real).Take(1).ToList();
        var below = _storage.Mounts.Mounts.Where(mount => mount.Point != "/" && MountTable.IsAtOrBelow(mount.Point, real))
            .Select(mount => FilePlace.Of(mount, mount.Point));
        IReadOnlyList<FilePlace> seen = [.. own, .. below];
        foreach (var (place, places) in written)
        {
            if (places.Any(inner => seen.Any(outer => outer.Holds(inner))) || LiesBelow(place, real))
            {
                return SourceVerdict.Refused(
                    source, GuardRule.TreeHoldsPlace, $"it holds {place}: it would grow by what it reads",
                    "put the store outside of the source, or name the directories that are wanted");
            }

            if (places.Take(1).Any(outer => own.Any(outer.Holds)))
            {
                return SourceVerdict.Refused(
                    source, GuardRule.TreeHoldsPlace, $"it lies in {place}", "name a source outside of it");
            }
        }

        return null;
    }

    private bool LiesBelow(ProtectedPlace place, string real) =>
        place.Path is { } path && MountTable.IsAtOrBelow(_storage.Paths.Resolve(path), real);

    private SourceVerdict? InMedium(string source, string real) =>
        _storage.Mounts.Holding(real) is { } mount && _medium.FileSystems.Contains(mount.Number) ? OfMedium(source, $"{mount.Source} → {mount.Point}") : null;

    private static SourceVerdict OfMedium(string source, string chain) => SourceVerdict.Refused(
        source, GuardRule.Medium, $"it is the medium that the rescue system was started from: {chain}", "name a disk of the crashed machine");

    /// <summary>An image that is attached and mounted for writing changes while it is read.</summary>
    private SourceVerdict? AttachedImage(string source, string real) =>
        _storage.LoopFiles.Where(loop => _storage.Paths.Resolve(loop.Value) == real)
            .Select(loop => _storage.Devices?.Devices.FirstOrDefault(device => device.KernelName == loop.Key)).OfType<BlockDevice>()
            .Select(device => new DeviceUse(_storage, _footprint).Judge(source, device)).FirstOrDefault(verdict => verdict is not null);

    private SourceVerdict? OnSameDisk(string source, string real) =>
        _caller == GuardCaller.Service && SharedWith(real) is var (place, chain)
            ? SourceVerdict.Refused(
                source, GuardRule.SameDisk, $"the disk that it lies on would be written to: {chain} holds {place}",
                "put the store on another disk; or, knowing that, by hand: asl-intake ingest SOURCE --store DIR")
            : null;

    /// <summary>
    /// A disk that is mounted for writing is written to anyway, and on a machine with one disk all things share it. Somebody who
    /// mounted the source read-only wants it left alone, and should hear that its disk is not.
    /// </summary>
    private IEnumerable<string> TreeWarnings(string real)
    {
        var mounted = _storage.Mounts.Holding(real);
        if (mounted is { IsReadOnly: true } && SharedWith(real) is var (place, chain))
        {
            yield return $"it is mounted read-only, but its disk is written to: {chain} holds {place}";
        }

        if (_caller == GuardCaller.Service && mounted is { IsFileSystemReadOnly: false } && _footprint.DevicesOf(mounted).Count > 0)
        {
            yield return $"it is mounted for writing: mount -o remount,ro {mounted.Point}";
        }
    }

    private (ProtectedPlace Place, Chain Chain)? SharedWith(string real)
    {
        var disks = _footprint.OfPath(real, OverlayLayers.All).SelectMany(chain => _footprint.DisksOf(chain.Device)).ToList();
        foreach (var place in _places.Where(place => place.IsWritten))
        {
            if (SharedDisk(disks, place.Chains(_footprint)) is { } chain)
            {
                return (place, chain);
            }
        }

        return null;
    }

    /// <summary>The chain whose bottom is one of the disks; or another path to one, told by the world-wide name.</summary>
    private static Chain? SharedDisk(IReadOnlyList<BlockDevice> disks, IReadOnlyList<Chain> chains) =>
        chains.FirstOrDefault(chain => disks.Any(disk => disk.Path == chain.Device.Path))
        ?? chains.FirstOrDefault(chain => disks.Any(disk => IsOtherWay(disk, chain.Device)));

    internal static bool IsOtherWay(BlockDevice disk, BlockDevice other) =>
        disk.WorldWideName is { } name && disk.Type == "disk" && other.Type == "disk" && other.WorldWideName == name;
}
