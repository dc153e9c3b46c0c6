namespace AslRescue.Shared.Devices;

/// <summary>How often a disk had been written to at a moment, and what it was there for.</summary>
/// <param name="Name">The kernel's name, "sda".</param>
/// <param name="Number">Major and minor number, "8:0".</param>
/// <param name="Written">Units of 512 bytes written since the disk appeared: Documentation/block/stat.rst, the seventh field.</param>
public sealed record DiskCount(string Name, string Number, long Written)
{
    /// <summary>Units of 512 bytes discarded since then: data is gone after that too. Null before Linux 4.18, which does not count.</summary>
    public long? Discarded { get; init; }

    /// <summary>The kernel's number of this plugging in (diskseq): with another one the counters began anew. Null before Linux 5.15.</summary>
    public long? Appearance { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Maker's name; null where nobody says.</summary>
    public string? Model { get; init; }

    /// <summary>Serial number.</summary>
    public string? Serial { get; init; }

    /// <summary>World-wide name.</summary>
    public string? WorldWideName { get; init; }

    /// <summary>What is written to, or runs, on it: "the store, /mnt/asl/local". Such a disk is no bystander.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];

    /// <summary>The sources that lie on it.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Whether a tree lies on it, and nobody is seen who may write to it: all that is mounted of it is read-only, and it holds nothing of ours.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>Whether the counters of both are of one plugging in of one disk. A serial number may be missing of one, as when lsblk gave no answer.</summary>
    public bool IsSame(DiskCount other) =>
        (Name, Number, Appearance) == (other.Name, other.Number, other.Appearance) && (Serial is null || other.Serial is null || Serial == other.Serial);
}
