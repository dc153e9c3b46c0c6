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
    private const int CheckpointsLookedAt = 64;
    private const string NoImage = "it began with a block device or an image, and there is something else";
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
    /// <param name="isLost">Whether no image is to be opened: what was read of them is all that there will be.</param>
    /// <exception cref="AslException">SourceMissing; RunMismatch: the device is not the one that the run began with.</exception>
    internal static ImageSources Open(
        ArtifactStore store, RunJournal.Progress progress, RunJournal journal, ImageRecorder recorder, BlockWriter blocks, bool isLost = false)
    {
        var options = progress.Beginning.Options;
        var sources = new ImageSources(options.Sources.Count);
        var anew = new RunJournal.ImageBegun?[options.Sources.Count];
        try
        {
            for (var index = 0; index < options.Sources.Count; index++)
            {
                var begun = progress.Images.Where(image => image.Source == index).ToList();
                if (isLost && begun.Count > 0)
                {
                    sources._images[index] = StandIn(store, progress, begun, out anew[index]);
                    continue;
                }

                var isImage = ImageDevice.IsImage(options.Sources[index], options.Image);
                sources._images[index] = isImage ? OpenOne(store, progress, index, begun, out anew[index]) : RefuseOther(options.Sources[index], begun);
            }

            sources.Recall(progress, recorder, blocks);
            Array.ForEach([.. anew.OfType<RunJournal.ImageBegun>()], journal.RecordImage);
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

    private static ImageSource OpenOne(ArtifactStore store, RunJournal.Progress progress, int index, List<RunJournal.ImageBegun> begun, out RunJournal.ImageBegun? anew)
    {
        var (options, path, boot) = (progress.Beginning.Options, progress.Beginning.Options.Sources[index], BootId.Read("/"));
        var device = ImageDevice.Open(path);
        ImageParent? parent = null;
        try
        {
            var facts = DeviceFacts.Describe(device);
            if (begun is [var first, ..] && WhyOther(first, facts, device) is { } other)
            {
                throw Mismatch(path, other);
            }

            var (written, appearance) = device.IsBlockDevice ? (DeviceFacts.SectorsWritten(device.Status.Node), DeviceFacts.Appearance(device.Status.Node)) : default;
            (parent, var why) = begun.Count > 0
                ? (begun[0].Parent is { } name ? OpenParent(store, name, path, facts) : null, null)
                : ChooseParent(store, progress.Beginning.Parents[index], path, facts, device, boot, written);
            var counted = begun.FindLast(image => image.IsCounted(boot, appearance) && (image.Written is not null || written is null));
            anew = counted is null ? RunJournal.ImageBegun.Of(index, facts, device, boot, written, parent?.Name, why) with { Appearance = appearance } : null;
            var image = new ImageSource(
                index, path, device, facts, parent, Map(options.Image, device, facts, parent), counted is null ? written : counted.Written, Earlier(begun, counted));
            image.BeginHash(options.Image.Hash, isFresh: begun.Count == 0 && parent is null);
            if (image.WantsHash && options.Image.Mapfile is null && parent?.Image.Sha256 is { } known)
            {
                image.SetHash(known); // Complete then, so nothing is read now, and what is kept is what was hashed.
            }

            return image;
        }
        catch
        {
            parent?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>What stands for an image that is lost: what is not known of it by now is never read.</summary>
    private static ImageSource StandIn(ArtifactStore store, RunJournal.Progress progress, List<RunJournal.ImageBegun> begun, out RunJournal.ImageBegun anew)
    {
        var (options, first) = (progress.Beginning.Options, begun[0]);
        var path = options.Sources[first.Source];
        var facts = first.Facts ?? throw Mismatch(path, "the journal does not tell its size, so that nothing can stand for it");
        var parent = first.Parent is { } name ? OpenParent(store, name, path, facts) : null;
        anew = first with { Boot = BootId.Read("/"), Written = null, Why = "it is lost: what was read of it is sealed without it", Appearance = null };
        var map = parent?.Map() ?? new AreaMap(facts.Size);
        var image = new ImageSource(first.Source, path, ImageDevice.Absent(path, facts, first.IsFile), facts, parent, map, null, Earlier(begun, null));
        image.BeginHash(options.Image.Hash, isFresh: false);
        return image;
    }

    /// <summary>What a run rests on and cannot be read may be put back, and then nothing that was read is lost.</summary>
    private static ImageParent OpenParent(ArtifactStore store, Digest name, string path, SnapshotImage facts)
    {
        try
        {
            return ImageParent.Open(store, name, path, facts);
        }
        catch (AslException failure) when (failure.Error.IsPermanent)
        {
            throw new AslException(failure.Error with { IsPermanent = false }, failure);
        }
    }

    private static string? WhyOther(RunJournal.ImageBegun begun, SnapshotImage facts, ImageDevice device) => begun.IsSame(facts, device)
        ? null
        : $"it began with {begun.Text}, and there is {RunJournal.ImageBegun.Of(begun.Source, facts, device, begun.Boot, null, null, null).Text}";

    /// <summary>What was counted before this boot, or before the disk was plugged in anew, as far as anything that was read then is kept.</summary>
    private static IReadOnlyList<WriteCount> Earlier(List<RunJournal.ImageBegun> begun, RunJournal.ImageBegun? counted) =>
    [
        .. begun.Where(image => !ReferenceEquals(image, counted) && image is { Written: not null, WrittenLast: not null })
            .Select(image => new WriteCount(image.Boot, image.Written!.Value, image.WrittenLast!.Value)),
    ];

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
        options.Mapfile is { } text ? Mapfile.Parse("mapfile", text).ToMap(facts.Size, device.IsBlockDevice ? facts.LogicalSector : ImageFormat.RescuedUnitBytes, readsOnlyGood: !device.IsBlockDevice)
        : parent?.Map() ?? new AreaMap(facts.Size);

    private static ImageSource? RefuseOther(string path, List<RunJournal.ImageBegun> begun) =>
        begun.Count == 0 ? null : throw Mismatch(path, NoImage);

    /// <summary>
    /// Why the sources are not those of another run, as far as it has read images; null when nothing speaks against it. Some of its checkpoints are
    /// looked at, spread over all of them: whoever goes on with it looks at every one.
    /// </summary>
    /// <exception cref="AslException">SourceMissing, LogCorrupt.</exception>
    internal static string? WhyOther(RunLog log, RunJournal.Progress progress)
    {
        var options = progress.Beginning.Options;
        foreach (var begun in progress.Images.Where(image => image.Source < options.Sources.Count).DistinctBy(image => image.Source))
        {
            var path = options.Sources[begun.Source];
            if (!ImageDevice.IsImage(path, options.Image))
            {
                return NoImage;
            }

            using var device = ImageDevice.Open(path);
            if ((WhyOther(begun, DeviceFacts.Describe(device), device) ?? WhyDifferent(log, progress, begun.Source, device)) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    private static string? WhyDifferent(RunLog log, RunJournal.Progress progress, int source, ImageDevice device)
    {
        if (!device.IsBlockDevice)
        {
            return null; // Its times told.
        }

        var samples = new ImageSamples(device.Size, DeviceFacts.Heads(device.Status.Node));
        var step = Math.Max(1, progress.Checkpoints.Count / CheckpointsLookedAt);
        foreach (var (name, digest) in progress.Checkpoints.Where((_, index) => index % step == 0))
        {
            foreach (var element in ImageRecorder.Parse(log.Get(name, digest)).Where(element => element.Source == source))
            {
                samples.Offer(element);
            }
        }

        return samples.WhyDifferent(device);
    }

    /// <summary>
    /// What checkpoints say, oldest first. An artifact that is in no sealed block is read again. Whoever used a disk in between left no trace that
    /// anything but its bytes would show: samples of what is kept are read again, also where the same boot still counts writes, as it begins anew
    /// when a disk is plugged in.
    /// </summary>
    private void Recall(RunJournal.Progress progress, ImageRecorder recorder, BlockWriter blocks)
    {
        if (!All.Any())
        {
            return;
        }

        var samples = All.Where(image => image.Device.IsBlockDevice && progress.Images.Any(begun => begun.Source == image.Index))
            .ToDictionary(image => image.Index, image => new ImageSamples(image.Size, DeviceFacts.Heads(image.Device.Status.Node)));
        foreach (var (index, taken) in samples)
        {
            this[index]!.Parent?.Offer(taken);
        }

        foreach (var (name, digest) in progress.Checkpoints)
        {
            var mark = new ImageMark { Place = new(null, new StoredMark(name, digest), 0) };
            var elements = recorder.Load(mark.Place);
            for (var index = 0; index < elements.Count; index++)
            {
                var element = elements[index];
                if (this[element.Source] is { } image && element.Items.All(item => item.Kind != ContentKind.Artifact || blocks.Contains(item.Key)))
                {
                    image.Recall(element);
                    recorder.Refer(element, mark, index);
                    samples.GetValueOrDefault(element.Source)?.Offer(element);
                }
            }
        }

        foreach (var (index, taken) in samples)
        {
            if (taken.WhyDifferent(this[index]!.Device) is { } why)
            {
                throw Mismatch(this[index]!.Path, $"{why}: somebody wrote to it since it was read");
            }
        }
    }

    /// <summary>A source is not what its run began with.</summary>
    internal static AslException Mismatch(string path, string why) => new(new AslError(ErrorCode.RunMismatch, "the source is not what the run began with")
    {
        Where = path,
        Why = why,
        Fix = "plug in the disk that the run began with, under the same path; or begin another run: asl-intake ingest SOURCE…",
        IsPermanent = false, // The right disk may be plugged in yet, and then nothing that was read is lost.
    });
}
