using AslRescue.Shared.Devices;
using AslRescue.Shared.Guard;

namespace AslRescue.Preflight.Sources;

/// <summary>A disk, or something on one, with what an operator wants to know before reading it.</summary>
/// <param name="Device">As lsblk shows it.</param>
/// <param name="Verdict">What the guard says to it as a source.</param>
/// <param name="Children">What lies on it.</param>
public sealed record SurveyedDevice(BlockDevice Device, SourceVerdict Verdict, IReadOnlyList<SurveyedDevice> Children)
{
    /// <summary>"LUKS", "BitLocker"; null where none is seen. Of ZFS lsblk cannot tell.</summary>
    public string? Encryption => Device.FileSystem switch
    {
        "crypto_LUKS" => "LUKS",
        "BitLocker" => "BitLocker",
        "zfs_member" => "unknown: asl-admin preflight reads the pool's label",
        _ => null,
    };

    /// <summary>Of a mounted file system: bytes that its files take.</summary>
    public long? UsedBytes { get; init; }

    /// <summary>Of a disk.</summary>
    public SmartState? Smart { get; init; }

    /// <summary>Of a disk: whether it fits into the backend.</summary>
    public SpaceVerdict? Space { get; init; }

    /// <summary>It and all below it.</summary>
    public IEnumerable<SurveyedDevice> All => Children.SelectMany(child => child.All).Prepend(this);
}

/// <summary>Whether what a disk holds fits into the backend, before compression and de-duplication: so at worst.</summary>
/// <param name="Answer">"whole": all its bytes; "files": only what its files take; "no"; "unknown".</param>
/// <param name="DiskBytes">All its bytes.</param>
/// <param name="UsedBytes">What its files take; null unless every file system on it is mounted.</param>
/// <param name="FreeBytes">Free in the backend.</param>
/// <param name="Cause">Why it is unknown.</param>
public sealed record SpaceVerdict(string Answer, long? DiskBytes, long? UsedBytes, long? FreeBytes, string? Cause)
{
    internal static SpaceVerdict Of(long? disk, long? used, long? free, string? cause) => (disk, used, free) switch
    {
        (_, _, null) => new("unknown", disk, used, null, cause),
        ({ } all, _, { } room) when all <= room => new("whole", disk, used, free, null),
        (_, { } files, { } room) when files <= room => new("files", disk, used, free, null),
        (null, _, _) => new("unknown", disk, used, free, "the size of the disk is not known"),
        _ => new("no", disk, used, free, null),
    };
}
