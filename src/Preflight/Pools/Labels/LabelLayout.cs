namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// Where the parts of a label lie. docs/zfs-labels.md tells more, and where this is taken from.
/// <code>
/// device   | L0 | L1 |          data          | L2 | L3 | rest |      the rest is what is left behind the last whole 256 KiB
///
/// label    0        8 KiB        16 KiB             128 KiB          256 KiB
///          | blank  | boot       | configuration    | uberblocks     |
///
/// configuration    | nvlist, packed as XDR …       | magic | SHA-256 |   the last 40 bytes
/// uberblock slot   | uberblock, then zeros …       | magic | SHA-256 |   the last 40 bytes of each slot
/// </code>
/// </summary>
public static class LabelLayout
{
    /// <summary>Copies on each device.</summary>
    public const int Copies = 4;

    /// <summary>Bytes of a label.</summary>
    public const int LabelBytes = 256 * 1024;

    /// <summary>Where the configuration starts in a label.</summary>
    public const int ConfigurationOffset = 16 * 1024;

    /// <summary>Bytes of the configuration, its checksum included.</summary>
    public const int ConfigurationBytes = 112 * 1024;

    /// <summary>Where the ring of uberblocks starts in a label.</summary>
    public const int RingOffset = 128 * 1024;

    /// <summary>Bytes of the ring.</summary>
    public const int RingBytes = 128 * 1024;

    /// <summary>A slot of the ring is as large as the device's sector, but not smaller than 1 KiB nor larger than 8 KiB.</summary>
    public const int SlotShiftMin = 10;

    /// <summary>As before.</summary>
    public const int SlotShiftMax = 13;

    /// <summary>Where a copy starts; two lie at the start of the device and two at its end.</summary>
    /// <param name="copy">0 to 3.</param>
    /// <param name="deviceBytes">Of the whole device; less than four labels hold no pool.</param>
    public static long OffsetOf(int copy, long deviceBytes)
    {
        var used = deviceBytes / LabelBytes * LabelBytes;
        return copy < Copies / 2 ? (long)copy * LabelBytes : used - ((long)(Copies - copy) * LabelBytes);
    }

    /// <summary>Bytes of a slot, as a power of two, for sectors of 2^ashift bytes.</summary>
    public static int SlotShift(ulong ashift) => (int)Math.Clamp(ashift, SlotShiftMin, SlotShiftMax);
}
