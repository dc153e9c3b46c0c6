using AslRescue.Shared;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// Places of a block device that are read again, to see whether it still is what was read: where file systems keep their superblocks and
/// labels, since whoever mounts one writes there, and others spread evenly over the disk. Cheap, and no proof: a write that missed them all stays unseen.
/// </summary>
/// <param name="size">Of the device, in bytes.</param>
/// <param name="heads">Where it and its partitions start, in bytes.</param>
internal sealed class ImageSamples(long size, IReadOnlyList<long> heads)
{
    private const int SpreadMax = 64;
    private const int HeadBytes = 8 * ImageFormat.ChunkBytes;

    // A disk that fails is not asked for more than it takes to see that it does: at its start, and elsewhere, since often only the start does.
    private const int UnreadableMax = 8;

    private readonly (long Start, ContentItem Item)?[] _spread = new (long, ContentItem)?[SpreadMax];
    private readonly SortedDictionary<long, ContentItem> _heads = [];

    /// <summary>Takes in what a checkpoint says: the newest comes last.</summary>
    internal void Offer(ImageElement element)
    {
        var start = element.Start;
        foreach (var item in element.Items)
        {
            Offer(start, item);
            start += item.Length;
        }
    }

    /// <summary>Takes in an artifact or a hole.</summary>
    internal void Offer(long start, ContentItem item)
    {
        var isHole = item.Kind == ContentKind.Hole;
        ref var slot = ref _spread[(int)Math.Clamp(start / Math.Max(size / SpreadMax, 1), 0, SpreadMax - 1)];
        slot = isHole && slot is { Item.Kind: not ContentKind.Hole } ? slot : (start, item);
        foreach (var head in heads)
        {
            if (start < head + HeadBytes && start + item.Length > head)
            {
                // An artifact is compared whole; of a hole what lies in the head.
                var from = isHole ? Math.Max(start, head) : start;
                _heads[from] = isHole ? ContentItem.Hole(Math.Min(start + item.Length - from, HeadBytes)) : item;
            }
        }
    }

    /// <summary>Why the device is not any more what was read; null when nothing speaks against it.</summary>
    /// <exception cref="Shared.Errors.AslException">SourceMissing: it is gone.</exception>
    internal string? WhyDifferent(ImageDevice device)
    {
        var buffer = ReadBuffer.Rent();
        try
        {
            return (FirstDifferent(device, buffer, _heads.Select(head => (head.Key, head.Value))) ?? FirstDifferent(device, buffer, _spread.OfType<(long, ContentItem)>())) is { } start
                ? $"its bytes at {start} are others now"
                : null;
        }
        finally
        {
            buffer.Return();
        }
    }

    private static long? FirstDifferent(ImageDevice device, ReadBuffer buffer, IEnumerable<(long Start, ContentItem Item)> samples)
    {
        var unreadable = 0;
        foreach (var (start, item) in samples)
        {
            var isSame = Matches(device, buffer, start, item);
            unreadable += isSame is null ? 1 : 0;
            if (isSame == false || unreadable == UnreadableMax)
            {
                return isSame == false ? start : null;
            }
        }

        return null;
    }

    /// <summary>Null when it cannot be read: that says nothing, and what was read of it is kept.</summary>
    private static bool? Matches(ImageDevice device, ReadBuffer buffer, long start, ContentItem item)
    {
        var bytes = buffer.Span[..(int)Math.Min(item.Length, HeadBytes)];
        return device.Read(bytes, start) != bytes.Length ? null
            : item.Kind == ContentKind.Hole ? !bytes.ContainsAnyExcept((byte)0)
            : Digest.Of(bytes) == item.Key;
    }
}
