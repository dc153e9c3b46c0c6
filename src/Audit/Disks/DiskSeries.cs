namespace AslRescue.Audit.Disks;

/// <summary>What was counted of one disk at one moment.</summary>
/// <param name="When">"begun", "reading", "stopped" or "sealing".</param>
/// <param name="Written">Units of 512 bytes written since the disk appeared.</param>
/// <param name="Discarded">And discarded; 0 where the kernel did not count.</param>
public sealed record DiskCounter(string When, long Written, long Discarded);

/// <summary>One disk through one boot of a run, from its first counter to its last.</summary>
/// <param name="Boot">The boot that counted.</param>
/// <param name="Name">"sda".</param>
/// <param name="Number">"8:0".</param>
/// <param name="Appearance">The kernel's number of the plugging in, as written; empty where it had none.</param>
public sealed record DiskSeries(string Boot, string Name, string Number, string Appearance)
{
    internal const string Reading = "reading";

    /// <summary>Model, serial number and world-wide name: those that are known.</summary>
    public IReadOnlyList<string> Identity { get; init; } = [];

    /// <summary>What of ours, or of the running system, was written on it.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];

    /// <summary>The sources that lie on it.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Whether the machine saw, when it began to read, nobody who may write to it.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>In the order of the journal.</summary>
    public IReadOnlyList<DiskCounter> Counters { get; init; } = [];

    /// <summary>Those from the beginning of the reading on.</summary>
    public IReadOnlyList<DiskCounter> WhileRead => [.. Counters.SkipWhile(counter => counter.When != Reading)];

    /// <summary>Whether there are two counters to hold against each other.</summary>
    public bool IsTold => Counters.Count > 1;

    /// <summary>Units of 512 bytes written or discarded from the first counter to the last.</summary>
    public ulong Sectors => Between(Counters);

    /// <summary>And while the sources were read.</summary>
    public ulong SectorsWhileRead => Between(WhileRead);

    /// <summary>Whether a source is doubtful: nobody should have written to its disk, and somebody did while it was read.</summary>
    public bool IsAgainstExpectation => IsQuiet && SectorsWhileRead != 0;

    /// <summary>The serial number, which tells two disks apart that had one name after each other.</summary>
    internal string? Serial { get; init; }

    private static ulong Between(IReadOnlyList<DiskCounter> counters) =>
        counters.Count < 2 ? 0 : Distance(counters[0].Written, counters[^1].Written) + Distance(counters[0].Discarded, counters[^1].Discarded);

    private static ulong Distance(long before, long after) => (ulong)(after > before ? after - before : before - after);
}
