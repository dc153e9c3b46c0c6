using System.Globalization;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Interop;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// The labels of one device, read by ourselves: no tool, no module, no capability is needed, and nothing is written. As ZFS does it, a
/// copy counts when its checksum is right, and of those the one with the highest transaction group.
/// </summary>
/// <param name="Bytes">Of the device.</param>
/// <param name="IsPastCache">Whether they were read from the device itself, not from the kernel's cache.</param>
/// <param name="Copies">All four.</param>
public sealed record DeviceLabels(long Bytes, bool IsPastCache, IReadOnlyList<LabelCopy> Copies)
{
    /// <summary>The label that counts, or null.</summary>
    public PoolLabel? Label => Copies.Where(copy => copy.State == CopyState.Whole).MaxBy(copy => copy.Label!.Txg)?.Label;

    /// <summary>The newest uberblock of all rings, or null.</summary>
    public Uberblock? Newest => Uberblock.Newest(Copies.SelectMany(copy => copy.Uberblocks));

    /// <summary>
    /// Why the device may be of a pool although no label counts; null when it is of none: all four places were read and hold nothing.
    /// </summary>
    public string? Doubt => Label is not null ? null : Copies.FirstOrDefault(copy => copy.State != CopyState.Blank)?.Describe();

    /// <summary>One line for each copy.</summary>
    public IReadOnlyList<string> Lines => [.. Copies.Select(copy => copy.Describe())];

    /// <summary>Reads the labels. It blocks for as long as the device does.</summary>
    /// <param name="device">The device.</param>
    /// <param name="withUberblocks">Whether the rings are read too.</param>
    public static DeviceLabels Read(IDevice device, bool withUberblocks)
    {
        using var buffer = new AlignedBuffer(LabelLayout.RingBytes);
        if (device.Size < LabelLayout.Copies * LabelLayout.LabelBytes)
        {
            return new DeviceLabels(device.Size, device.IsPastCache, []);
        }

        var copies = new List<LabelCopy>();
        for (var number = 0; number < LabelLayout.Copies; number++)
        {
            copies.Add(ReadCopy(device, number, buffer.Span[..LabelLayout.ConfigurationBytes]));
        }

        var labels = new DeviceLabels(device.Size, device.IsPastCache, copies);
        var ashift = labels.Label?.Ashift;
        return withUberblocks ? labels with { Copies = [.. copies.Select(copy => ReadRing(device, copy, ashift, buffer.Span[..LabelLayout.RingBytes]))] } : labels;
    }

    private static LabelCopy ReadCopy(IDevice device, int number, Span<byte> buffer)
    {
        var offset = LabelLayout.OffsetOf(number, device.Size);
        var count = device.Read(buffer, offset + LabelLayout.ConfigurationOffset);
        return count == buffer.Length
            ? LabelCopy.Read(number, offset, buffer)
            : new LabelCopy(number, offset, CopyState.Unreadable) { Cause = Failure(count) };
    }

    private static LabelCopy ReadRing(IDevice device, LabelCopy copy, ulong? ashift, Span<byte> buffer)
    {
        var count = device.Read(buffer, copy.Offset + LabelLayout.RingOffset);
        return count == buffer.Length ? copy.WithRing(buffer, ashift) : copy with { Cause = copy.Cause ?? "its uberblocks: " + Failure(count) };
    }

    private static string Failure(long count) => count < 0 ? Errno.Text(count) : string.Create(CultureInfo.InvariantCulture, $"the device ended after {count} bytes");
}
