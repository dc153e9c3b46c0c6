using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Sources;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>Runs the passes over an image and makes steps of what they bring, on the walker's thread.</summary>
internal sealed class ImageReader(ImageSource image, ImageOptions options, IngestProgress progress, TimeProvider time, StepSender sender, DamagedReader.ReadAt read)
    : IRescueSink
{
    private CancellationToken _stop;

    /// <summary>Reads what is to be read, as far as the options go.</summary>
    internal void Run(CancellationToken cancellation)
    {
        _stop = cancellation;
        var start = time.GetTimestamp();
        if (!image.Device.IsAbsent)
        {
            SkipHoles(cancellation);
        }

        var passes = new RescuePasses(image.Map, image.Device.SectorBytes, ImageFormat.ChunkBytes, read, this)
        {
            OnPhase = EnterPhase,
            IsOver = () =>
            {
                cancellation.ThrowIfCancellationRequested();
                return image.Device.IsAbsent || options.Budget is { } budget && time.GetElapsedTime(start) >= budget;
            },
        };
        passes.Run(image.IsRescued(options) ? options with { Retries = 0 } : options);
        progress.Enter("reading");
        sender.Send(new ImageEnd(image, Problems(passes.IsCut)));
    }

    public void OnGood(ReadBuffer buffer, int at, long offset, int length)
    {
        image.TakeRoom(_stop);
        sender.Send(new ImageRead(image, buffer, at, offset, length));
        sender.Flush(); // Whoever waits for room waits for steps that are on their way.
    }

    public void OnFailed(Area area)
    {
        sender.Send(new ImageFailed(image, area));
        sender.Flush(); // The next attempt may take long: what is known by now goes on first.
    }

    /// <summary>What was easy is made durable before a failing device is asked for what is hard.</summary>
    private void EnterPhase(string phase)
    {
        progress.Enter(phase);
        var map = image.Map;
        if (map.Bytes(AreaState.Untrimmed) + map.Bytes(AreaState.Unscraped) + map.Bytes(AreaState.Bad) > 0)
        {
            sender.Send(new ImagePause());
            sender.Flush();
        }
    }

    /// <summary>Chunks of a file that lie in a hole whole are zeros without reading.</summary>
    private void SkipHoles(CancellationToken cancellation)
    {
        const long unit = ImageFormat.ChunkBytes;
        for (long position = 0; image.Map.Next(AreaState.Untried, position) is { } area && !image.Device.IsBlockDevice;)
        {
            cancellation.ThrowIfCancellationRequested();
            var data = Math.Min(image.Device.NextData(area.Start), area.End);
            var (start, end) = ((area.Start + unit - 1) / unit * unit, data == image.Size ? data : data / unit * unit);
            if (start < end)
            {
                image.Map.Set(start, end, AreaState.Good);
                sender.Send(new ImageHole(image, start, end - start));
            }

            position = data < area.End ? Math.Max(image.Device.DataEnd(data), data + 1) : area.End;
        }
    }

    private List<ProblemFound> Problems(bool isCut)
    {
        List<ProblemFound> problems = [];
        if (image.Device.IsAbsent)
        {
            if (image.Map.Bytes(AreaState.Good) != image.Size)
            {
                problems.Add(new(ProblemKind.Unreadable, null, "it was lost before it was read to the end: sealed is what had been read of it"));
            }
            else if (image.Device.WasFile)
            {
                problems.Add(new(ProblemKind.MetadataUnreadable, null, "it was lost before it was sealed: all of its bytes are kept, and not its owner, its times and its attributes"));
            }

            return problems;
        }

        var isChanged = !image.Device.IsBlockDevice
            && (Posix.Stat(image.Device.Descriptor, out var after) < 0 || SourceIdentity.Of(after) != SourceIdentity.Of(image.Device.Status));
        if (isCut || isChanged)
        {
            problems.Add(new(ProblemKind.Changed, null, "it was written to while it was read: what is kept may be a mixture"));
        }

        return problems;
    }
}
