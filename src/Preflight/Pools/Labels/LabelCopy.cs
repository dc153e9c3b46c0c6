using System.Globalization;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>What one of the four copies is worth.</summary>
public enum CopyState
{
    /// <summary>Nothing is written there, or something that is no label.</summary>
    Blank,

    /// <summary>The device gave no bytes.</summary>
    Unreadable,

    /// <summary>A label, but damaged, or copied from another place: ZFS does not use it.</summary>
    BadChecksum,

    /// <summary>Its checksum is right, but it is no label that ZFS would import by.</summary>
    NotUsable,

    /// <summary>A label that counts.</summary>
    Whole,
}

/// <summary>One of the four copies of a device's label.</summary>
/// <param name="Number">0 to 3.</param>
/// <param name="Offset">Where it lies on the device.</param>
/// <param name="State">What it is worth.</param>
public sealed record LabelCopy(int Number, long Offset, CopyState State)
{
    /// <summary>What it says; of a damaged one, what can still be read.</summary>
    public PoolLabel? Label { get; init; }

    /// <summary>Why it, or its ring, could not be read.</summary>
    public string? Cause { get; init; }

    /// <summary>The uberblocks of its ring whose checksums are right, by slot; empty when they were not asked for.</summary>
    public IReadOnlyList<Uberblock> Uberblocks { get; init; } = [];

    /// <summary>Slots that hold an uberblock whose checksum is wrong.</summary>
    public int DamagedUberblocks { get; init; }

    /// <summary>Reads the configuration of a copy.</summary>
    /// <param name="number">0 to 3.</param>
    /// <param name="offset">Where the copy lies on the device.</param>
    /// <param name="configuration"><see cref="LabelLayout.ConfigurationBytes"/> from <see cref="LabelLayout.ConfigurationOffset"/> of the copy.</param>
    public static LabelCopy Read(int number, long offset, ReadOnlySpan<byte> configuration)
    {
        var checksum = EmbeddedChecksum.Check(configuration, offset + LabelLayout.ConfigurationOffset);
        var label = PackedFields.Read(configuration) is { } fields ? LabelConfiguration.Of(fields) : null;
        var state = (checksum, label) switch
        {
            (ChecksumState.Right, not null) => CopyState.Whole,
            (ChecksumState.Right, null) => CopyState.NotUsable,
            (ChecksumState.Wrong, _) or (_, not null) => CopyState.BadChecksum,
            _ => CopyState.Blank,
        };
        return new LabelCopy(number, offset, state) { Label = label };
    }

    /// <summary>The copy with the uberblocks of its ring.</summary>
    /// <param name="ring"><see cref="LabelLayout.RingBytes"/> from <see cref="LabelLayout.RingOffset"/> of the copy.</param>
    /// <param name="ashift">Of the device; null where it is not known: then the slots are as large as most of them fit.</param>
    public LabelCopy WithRing(ReadOnlySpan<byte> ring, ulong? ashift)
    {
        var best = WithSlots(ring, LabelLayout.SlotShift(ashift ?? 0));
        for (var shift = LabelLayout.SlotShiftMin + 1; ashift is null && shift <= LabelLayout.SlotShiftMax; shift++)
        {
            var other = WithSlots(ring, shift);
            best = other.Uberblocks.Count > best.Uberblocks.Count ? other : best;
        }

        return best;
    }

    /// <summary>In plain words.</summary>
    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"label {Number} at {Offset}: ") + State switch
    {
        CopyState.Blank => "none",
        CopyState.Unreadable => $"cannot be read: {Cause}",
        CopyState.BadChecksum => "its checksum is wrong" + (Label is null ? "" : $"; it says {Label.Describe()}"),
        CopyState.NotUsable => "nothing that could be imported by",
        CopyState.Whole => Label!.Describe(),
        _ => throw new InvalidOperationException(State.ToString()),
    };

    private LabelCopy WithSlots(ReadOnlySpan<byte> ring, int shift)
    {
        var (whole, damaged) = (new List<Uberblock>(), 0);
        for (var slot = 0; slot < LabelLayout.RingBytes >> shift; slot++)
        {
            var bytes = ring.Slice(slot << shift, 1 << shift);
            if (Uberblock.Read(bytes, slot) is not { } uberblock)
            {
                continue;
            }

            if (EmbeddedChecksum.Check(bytes, Offset + LabelLayout.RingOffset + (slot << shift)) == ChecksumState.Right)
            {
                whole.Add(uberblock);
            }
            else
            {
                damaged++;
            }
        }

        return this with { Uberblocks = whole, DamagedUberblocks = damaged };
    }
}
