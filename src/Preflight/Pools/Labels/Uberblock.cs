using System.Buffers.Binary;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// The root of a pool as of one transaction group. ZFS writes one into the next slot of the ring with each group, and, where the pool has
/// multihost on, again and again in between.
/// <code>
/// | magic | version | txg | guid sum | timestamp | root block pointer, 128 bytes | software version |
///   0       8         16    24         32          40                               168
/// | MMP magic | MMP delay | MMP settings | checkpoint txg |
///   176         184         192            200
/// </code>
/// </summary>
/// <param name="Slot">Its place in the ring.</param>
/// <param name="Version">Of the pool's format; 5000 with feature flags.</param>
/// <param name="Txg">Transaction group.</param>
/// <param name="GuidSum">The sum of the guids of all devices.</param>
/// <param name="Timestamp">When it was written, in seconds since 1970, by the writer's clock.</param>
/// <param name="Multihost">What the writer says of its activity; null where it says nothing.</param>
public sealed record Uberblock(int Slot, ulong Version, ulong Txg, ulong GuidSum, ulong Timestamp, MultihostState? Multihost)
{
    /// <summary>Bytes that are looked at.</summary>
    public const int Bytes = 208;

    private const ulong Magic = 0x00bab10c;
    private const ulong VersionMax = 5000;

    /// <summary>Reads one in the byte order of its magic number; null where there is none.</summary>
    public static Uberblock? Read(ReadOnlySpan<byte> slot, int number)
    {
        var isLittle = BinaryPrimitives.ReadUInt64LittleEndian(slot) == Magic;
        if (!isLittle && BinaryPrimitives.ReadUInt64BigEndian(slot) != Magic)
        {
            return null;
        }

        var words = new ulong[Bytes / 8];
        for (var i = 0; i < words.Length; i++)
        {
            var word = slot[(i * 8)..];
            words[i] = isLittle ? BinaryPrimitives.ReadUInt64LittleEndian(word) : BinaryPrimitives.ReadUInt64BigEndian(word);
        }

        return words[1] is > 0 and <= VersionMax && words[2] > 0
            ? new Uberblock(number, words[1], words[2], words[3], words[4], MultihostState.Read(words[22], words[23], words[24]))
            : null;
    }

    /// <summary>The newest of some, as ZFS picks it: by transaction group, then by time, then by the count of multihost writes.</summary>
    public static Uberblock? Newest(IEnumerable<Uberblock> uberblocks) =>
        uberblocks.MaxBy(uberblock => (uberblock.Txg, uberblock.Timestamp, uberblock.Multihost?.Sequence ?? 0));

    /// <summary>Whether another one tells of a write that came after this. The slot says nothing: multihost writes go to any.</summary>
    public bool IsBefore(Uberblock other) =>
        (other.Txg, other.Timestamp, other.Multihost?.Sequence ?? 0).CompareTo((Txg, Timestamp, Multihost?.Sequence ?? 0)) > 0;
}

/// <summary>Multi-modifier protection: how a host that has the pool imported shows that it lives.</summary>
/// <param name="DelayNanoseconds">About how long it takes between two such writes; 0 when multihost is off.</param>
/// <param name="IntervalMilliseconds">The writer's multihost_interval, where it says it.</param>
/// <param name="Sequence">Counts the writes within a transaction group, where the writer says it.</param>
/// <param name="FailIntervals">After how many intervals without a write it suspends the pool, where it says it.</param>
public sealed record MultihostState(ulong DelayNanoseconds, ulong? IntervalMilliseconds, ulong? Sequence, ulong? FailIntervals)
{
    private const ulong Magic = 0xa11cea11;

    /// <summary>Whether the pool had multihost on when this was written.</summary>
    public bool IsOn => DelayNanoseconds != 0;

    internal static MultihostState? Read(ulong magic, ulong delay, ulong settings) => magic == Magic
        ? new MultihostState(
            delay,
            (settings & 1) != 0 ? (settings >> 8) & 0xffffff : null,
            (settings & 2) != 0 ? (settings >> 32) & 0xffff : null,
            (settings & 4) != 0 ? settings >> 48 : null)
        : null;
}
