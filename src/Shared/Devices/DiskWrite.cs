namespace AslRescue.Shared.Devices;

/// <summary>What happened to one disk while a run read, in one boot.</summary>
/// <param name="Boot">The boot.</param>
/// <param name="Before">When the reading began.</param>
/// <param name="After">The last time that it was counted in that boot.</param>
public sealed record DiskWrite(string Boot, DiskCount Before, DiskCount After)
{
    /// <summary>Units of 512 bytes written or discarded between the two. Counters only grow, so another sign is of no counter of this disk.</summary>
    public long Sectors => Math.Abs(After.Written - Before.Written) + Math.Abs((After.Discarded ?? 0) - (Before.Discarded ?? 0));

    /// <summary>Whether a source on it was written to against all that was seen: nobody who may write was there when the reading began.</summary>
    public bool IsAgainstExpectation => Before.IsQuiet && Sectors != 0;

    /// <summary>
    /// What the documents of a run say of its disks. A boot of which only one document is there says nothing (a power cut took the end of it), nor does a
    /// disk that was unplugged meanwhile; and nothing counts from before the reading, when an operator may have mounted and mended.
    /// </summary>
    /// <param name="documents">In any order, of any boots.</param>
    public static IReadOnlyList<DiskWrite> Of(IEnumerable<DiskCounts> documents)
    {
        List<DiskWrite> writes = [];
        Dictionary<(string, string, string, long?), int> places = [];
        var counted = documents.OrderBy(document => document.Monotonic).ThenBy(document => DiskMoments.All.IndexOf(document.When))
            .SelectMany(document => document.Disks.Select(disk => (document.Boot, document.When, Disk: disk)));
        foreach (var (boot, when, disk) in counted)
        {
            var key = (boot, disk.Name, disk.Number, disk.Appearance);
            if (places.TryGetValue(key, out var place) && writes[place].Before.IsSame(disk))
            {
                var before = writes[place].Before;
                writes[place] = writes[place] with { Before = before with { Serial = before.Serial ?? disk.Serial }, After = disk };
            }
            else if (when == DiskMoments.Reading)
            {
                places[key] = writes.Count;
                writes.Add(new(boot, disk, disk));
            }
        }

        return writes;
    }
}
