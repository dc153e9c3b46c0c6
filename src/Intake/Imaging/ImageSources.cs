using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Blocks;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>The images among the sources of a run, opened: how each begins, and what an interrupted run had read of it.</summary>
internal sealed class ImageSources : IDisposable
{
    private readonly ImageSource?[] _images;

    private ImageSources(int count) => _images = new ImageSource?[count];

    /// <summary>The images, in the order of the sources.</summary>
    internal IEnumerable<ImageSource> All => _images.OfType<ImageSource>();

    /// <summary>The image that a source is; null for a tree.</summary>
    internal ImageSource? this[int index] => _images[index];

    /// <summary>The snapshot that an image can be read incrementally to; null when there is none.</summary>
    internal static Digest? FindParent(ArtifactStore store, string domain, string path)
    {
        using var device = ImageDevice.Open(path);
        return ImageParent.Find(store, domain, path, DeviceFacts.Describe(device));
    }

    /// <summary>Opens the images of a run.</summary>
    /// <param name="store">Where it goes.</param>
    /// <param name="progress">How far the run was when it was interrupted.</param>
    /// <param name="journal">Records how each image begins.</param>
    /// <param name="recorder">Takes over what was read before.</param>
    /// <param name="blocks">Knows which artifacts are stored.</param>
    /// <exception cref="AslException">SourceMissing; RunMismatch: the device is not the one that the run began with.</exception>
    internal static ImageSources Open(ArtifactStore store, RunJournal.Progress progress, RunJournal journal, ImageRecorder recorder, BlockWriter blocks)
    {
        var options = progress.Beginning.Options;
        var sources = new ImageSources(options.Sources.Count);
        try
        {
            for (var index = 0; index < options.Sources.Count; index++)
            {
                var isImage = ImageDevice.IsImage(options.Sources[index], options.Image);
                var begun = progress.Images.Where(image => image.Source == index).ToList();
                sources._images[index] = isImage ? OpenOne(store, progress, journal, index, begun) : RefuseOther(options.Sources[index], begun);
            }

            sources.Recall(progress, recorder, blocks);
            return sources;
        }
        catch
        {
            sources.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var image in All)
        {
            image.Dispose();
        }
    }

    private static ImageSource OpenOne(ArtifactStore store, RunJournal.Progress progress, RunJournal journal, int index, List<RunJournal.ImageBegun> begun)
    {
        var (options, path, boot) = (progress.Beginning.Options, progress.Beginning.Options.Sources[index], BootId.Read("/"));
        var device = ImageDevice.Open(path);
        ImageParent? parent = null;
        try
        {
            var facts = DeviceFacts.Describe(device);
            if (begun is [var first, ..] && !first.IsSame(facts))
            {
                throw Mismatch(path, $"it began with {first.Text}, and there is {RunJournal.ImageBegun.Of(index, facts, boot, null, null, null).Text}");
            }

            var written = device.IsBlockDevice ? DeviceFacts.SectorsWritten(device.Status.Node) : null;
            (parent, var why) = begun.Count > 0
                ? (begun[0].Parent is { } name ? ImageParent.TryOpen(store, name, path, facts) ?? throw Mismatch(path, $"snapshot {name.Short}, which it rests on, cannot be read") : null, null)
                : ChooseParent(store, progress.Beginning.Parents[index], path, facts, device, boot, written);
            if (begun.All(image => image.Boot != boot))
            {
                journal.RecordImage(RunJournal.ImageBegun.Of(index, facts, boot, written, parent?.Name, why));
            }

            var before = begun.FirstOrDefault(image => image.Boot == boot)?.Written ?? written;
            var image = new ImageSource(index, path, device, facts, parent, Map(options.Image, device, facts, parent), before);
            image.BeginHash(options.Image.Hash, isFresh: begun.Count == 0 && parent is null);
            return image;
        }
        catch
        {
            parent?.Dispose();
            device.Dispose();
            throw;
        }
    }

    private static (ImageParent? Parent, string? Why) ChooseParent(
        ArtifactStore store, Digest? name, string path, SnapshotImage facts, ImageDevice device, string boot, long? written)
    {
        if (name is null || ImageParent.TryOpen(store, name.Value, path, facts) is not { } parent)
        {
            return default;
        }

        // A disk that was read whole may have been used since, and only reading it again tells; a file's times do.
        var why = device.IsBlockDevice && parent.Map().Bytes(AreaState.Untried) == 0
            ? "it has no bad ranges: the device is read again"
            : parent.WhyDifferent(device, boot, written);
        if (why is null)
        {
            return (parent, null);
        }

        parent.Dispose();
        return (null, $"snapshot {name.Value.Short} is no parent: {why}");
    }

    private static AreaMap Map(ImageOptions options, ImageDevice device, SnapshotImage facts, ImageParent? parent) =>
        options.Mapfile is { } text ? Mapfile.Parse("mapfile", text).ToMap(facts.Size, facts.LogicalSector, readsOnlyGood: !device.IsBlockDevice)
        : parent?.Map() ?? new AreaMap(facts.Size);

    private static ImageSource? RefuseOther(string path, List<RunJournal.ImageBegun> begun) =>
        begun.Count == 0 ? null : throw Mismatch(path, "it began with a block device or an image, and there is something else");

    /// <summary>What checkpoints say, oldest first. An artifact that is in no sealed block is read again.</summary>
    private void Recall(RunJournal.Progress progress, ImageRecorder recorder, BlockWriter blocks)
    {
        if (!All.Any())
        {
            return;
        }

        foreach (var (name, digest) in progress.Checkpoints)
        {
            var mark = new ImageMark { Stored = (name, digest) };
            var elements = recorder.Load(mark);
            for (var index = 0; index < elements.Count; index++)
            {
                var element = elements[index];
                if (this[element.Source] is { } image && element.Items.All(item => item.Kind != ContentKind.Artifact || blocks.Contains(item.Key)))
                {
                    image.Recall(element);
                    recorder.Refer(element, mark, index);
                }
            }
        }
    }

    private static AslException Mismatch(string path, string why) => new(new AslError(ErrorCode.RunMismatch, "the source is not what the run began with")
    {
        Where = path,
        Why = why,
        Fix = "plug in the disk that the run began with, under the same path; or begin another run: asl-intake ingest",
    });
}
