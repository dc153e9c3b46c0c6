using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>What became of the segments that were made again.</summary>
public sealed record RebuildReport
{
    /// <summary>Groups that were made.</summary>
    public int Groups { get; set; }

    /// <summary>Segments that lie in the store under the name that the blocks give.</summary>
    public int Present { get; set; }

    /// <summary>Those that did not: missing ones, or, made into another directory, all of them.</summary>
    public List<ObjectName> Made { get; } = [];

    /// <summary>Segments that the blocks make otherwise than a snapshot names them.</summary>
    public List<(Digest Made, Digest Named)> Differing { get; } = [];

    /// <summary>What could not be read, and was left out.</summary>
    public List<AslError> Errors { get; } = [];
}

/// <summary>
/// Makes the segments of a store again from the footers of its blocks: those of its snapshots, group by group; where there is no snapshot, one group over
/// all blocks, which finds every key (docs/store-format.md, What may be rebuilt).
/// </summary>
public sealed class IndexRebuild(IBackend backend, StoreFormat format)
{
    /// <summary>Into the store itself: writes segments that are missing, or only says which are.</summary>
    /// <exception cref="AslException">A seal, snapshot or block is damaged.</exception>
    public RebuildReport InPlace(bool isDryRun)
    {
        var report = new RebuildReport();
        var snapshots = SealLog.ListDomains(backend).SelectMany(domain => new SealLog(backend, domain).Read()).Select(seal => SnapshotCodec.Load(backend, seal.Snapshot)).ToList();
        var rebuild = new GroupRebuild(backend, format);
        snapshots.ForEach(rebuild.Add);
        foreach (var group in Groups(snapshots))
        {
            Render(rebuild, group, report, (name, file) =>
            {
                if (IsThere(name))
                {
                    report.Present++;
                    return;
                }

                report.Made.Add(name);
                if (!isDryRun)
                {
                    backend.CreateSealed(name, file);
                }
            });
        }

        return report;
    }

    /// <summary>Into another place; the store is only read. Damage is passed over and listed, so that the rest can be had.</summary>
    /// <param name="target">A directory where the segments go, and temporary files.</param>
    public RebuildReport To(IBackend target)
    {
        var report = new RebuildReport();
        var snapshots = ReadSnapshots(report);
        var rebuild = new GroupRebuild(backend, format, temporary: [target.Location, Path.GetTempPath()]);
        snapshots.ForEach(rebuild.Add);
        foreach (var group in Groups(snapshots))
        {
            try
            {
                Render(rebuild, group, report, Take);
            }
            catch (AslException exception)
            {
                report.Errors.Add(exception.Error);
            }
        }

        if (report.Groups == 0)
        {
            report.Groups = 1;
            rebuild.RenderAll(StoreFolders.Blocks(backend), (made, file) => Take(ObjectName.Segment(made.Name), file), report.Errors.Add);
        }

        return report;

        void Take(ObjectName name, ReadOnlySpan<byte> file)
        {
            report.Present += IsThere(name) ? 1 : 0;
            report.Made.Add(name);
            target.CreateSealed(name, file);
        }
    }

    private delegate void Sink(ObjectName name, ReadOnlySpan<byte> file);

    private static IEnumerable<SegmentGroup> Groups(List<Snapshot> snapshots) =>
        snapshots.SelectMany(snapshot => snapshot.Groups).Where(group => group.Segments.Count > 0).DistinctBy(group => group.Segments[0].Name);

    private static void Render(GroupRebuild rebuild, SegmentGroup group, RebuildReport report, Sink take)
    {
        var position = 0;
        rebuild.Render(group, (made, file) =>
        {
            var expected = position < group.Segments.Count ? group.Segments[position++].Name : default;
            if (made.Name != expected)
            {
                report.Differing.Add((made.Name, expected));
                return;
            }

            take(ObjectName.Segment(made.Name), file);
        });
        report.Groups++;
    }

    /// <summary>All snapshots that can be read, with a seal or without.</summary>
    private List<Snapshot> ReadSnapshots(RebuildReport report)
    {
        List<Snapshot> snapshots = [];
        foreach (var item in backend.List("snapshots").Where(StoreFolders.IsObject).OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            try
            {
                snapshots.Add(SnapshotCodec.Load(backend, Digest.Parse(item.Name)));
            }
            catch (AslException exception)
            {
                report.Errors.Add(exception.Error);
            }
        }

        return snapshots;
    }

    private bool IsThere(ObjectName name)
    {
        using var found = backend.Open(name);
        return found is not null;
    }
}
