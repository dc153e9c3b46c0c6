using System.Text;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>An earlier snapshot of the same image: what it has need not be read again.</summary>
internal sealed class ImageParent : IDisposable
{
    private readonly ArtifactIndex _index;
    private readonly TreeReader _tree;
    private readonly Entry _root;
    private readonly FileTime _trustedBefore;

    private ImageParent(ArtifactStore store, Digest name, Snapshot snapshot, int position)
    {
        Name = name;
        _trustedBefore = TreeWalker.TrustedBefore(snapshot.Started);
        _index = new ArtifactIndex(store.Backend, snapshot.Groups);
        Artifacts = new ArtifactReader(store.Backend, _index);
        _tree = new TreeReader(Artifacts);
        _root = _tree.Roots(snapshot.Root)[position];
        Side = _tree.Side(snapshot.Side).ElementAt(position);
        Image = snapshot.Sources[position].Image!;
    }

    internal Digest Name { get; }

    internal ArtifactReader Artifacts { get; }

    internal SnapshotImage Image { get; }

    internal SideRecord Side { get; }

    /// <summary>
    /// The newest sealed snapshot of a domain with an image of this device (by world-wide name or serial number, wherever it is plugged
    /// in now); where the device has neither, or the image is a file, with an image of this path and size. Null when there is none.
    /// </summary>
    internal static Digest? Find(ArtifactStore store, string domain, string path, SnapshotImage facts) =>
        new SealLog(store.Backend, domain).Read().Reverse().Select(seal => (Digest?)seal.Snapshot)
            .FirstOrDefault(name => PositionIn(TryLoad(store, name!.Value), path, facts) >= 0);

    /// <summary>Opens the parent that a run rests on.</summary>
    /// <exception cref="AslException">It cannot be read; RunMismatch: it has no image of this device.</exception>
    internal static ImageParent Open(ArtifactStore store, Digest name, string path, SnapshotImage facts)
    {
        var snapshot = SnapshotCodec.Load(store.Backend, name);
        return PositionIn(snapshot, path, facts) is var position and >= 0
            ? new(store, name, snapshot, position)
            : throw ImageSources.Mismatch(path, $"snapshot {name.Short}, which it rests on, has no image of this device");
    }

    /// <summary>Opens a parent; null when it cannot be read, or has no image of this device: it only saves reading.</summary>
    internal static ImageParent? TryOpen(ArtifactStore store, Digest name, string path, SnapshotImage facts)
    {
        try
        {
            return Open(store, name, path, facts);
        }
        catch (AslException)
        {
            return null;
        }
    }

    /// <summary>All that it has and lacks, ascending: artifacts, holes and bad ranges with where they start.</summary>
    internal IEnumerable<(long Start, ContentItem Item)> Leaves()
    {
        var start = 0L;
        foreach (var item in _tree.Leaves(_root.Content))
        {
            yield return (start, item);
            start += item.Length;
        }
    }

    /// <summary>What is to be read yet: everything is good but its bad ranges, which count as untried.</summary>
    internal AreaMap Map()
    {
        var map = new AreaMap(Image.Size, AreaState.Good);
        foreach (var (start, item) in Leaves().Where(leaf => leaf.Item.Kind == ContentKind.BadRange))
        {
            map.Set(start, start + item.Length, AreaState.Untried, item.Detail);
        }

        return map;
    }

    /// <summary>
    /// Why the device is not any more what the snapshot holds; null when nothing speaks against it. Its write counter is looked at, where
    /// the same boot counted, and samples of what the snapshot has are read and compared. That is cheap and no proof: --rehash reads all.
    /// </summary>
    internal string? WhyDifferent(ImageDevice device, string boot, long? written)
    {
        if (!device.IsBlockDevice)
        {
            return Side.Inode == device.Status.Inode && Side.Changed == device.Status.ChangeTime && Side.Changed < _trustedBefore
                ? null
                : "the file has changed since, or so shortly before that its times do not tell";
        }

        if (written is { } now && Image.Writes.LastOrDefault(count => count.Boot == boot) is { } then && now > then.After) // Fewer: it was plugged in anew, and counts from there.
        {
            return $"{now - then.After} sectors were written since";
        }

        var samples = new ImageSamples(Image.Size, DeviceFacts.Heads(device.Status.Node));
        Offer(samples);
        return samples.WhyDifferent(device);
    }

    /// <summary>All that it has, as samples.</summary>
    internal void Offer(ImageSamples samples)
    {
        foreach (var (start, item) in Leaves().Where(leaf => leaf.Item.Kind != ContentKind.BadRange))
        {
            samples.Offer(start, item);
        }
    }

    public void Dispose()
    {
        Artifacts.Dispose();
        _index.Dispose();
    }

    private static Snapshot? TryLoad(ArtifactStore store, Digest name)
    {
        try
        {
            return SnapshotCodec.Load(store.Backend, name);
        }
        catch (AslException)
        {
            return null; // A damaged snapshot is no parent; verify reports it.
        }
    }

    private static int PositionIn(Snapshot? snapshot, string path, SnapshotImage facts) =>
        snapshot is null ? -1 : snapshot.Sources.ToList().FindIndex(source => source.Image is { } image
            && (image.IsSameDevice(facts) ?? source.Path.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(path))));
}
