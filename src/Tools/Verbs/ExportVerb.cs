using System.CommandLine;
using System.Globalization;
using System.Text;
using AslRescue.Intake.Imaging;
using AslRescue.Intake.Restoring;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin export ID: the bytes of an image as a stream, and its map for GNU ddrescue.</summary>
internal static class ExportVerb
{
    private const int RangesShownMax = 1000;

    private static readonly Option<bool> Raw = new("--raw") { Description = "write the bytes to standard output" };

    private static readonly Option<string?> FillBad = new("--fill-bad")
    {
        Description = "with --raw: what stands for bytes that could not be read: 'zero', or a text that is repeated",
        HelpName = "zero|TEXT",
    };

    private static readonly Option<string?> MapfileTo = new("--mapfile") { Description = "write which bytes are good and bad, for GNU ddrescue", HelpName = "FILE" };

    private static readonly Option<string> Below = new("--path")
    {
        Description = "a file below the source; without it, the source itself",
        HelpName = "PATH",
        DefaultValueFactory = _ => "",
    };

    internal static Command Build()
    {
        var command = new Command("export", "Streams an image of a snapshot, or writes its mapfile.")
        {
            CommonOptions.Snapshot, CommonOptions.Store, Raw, FillBad, MapfileTo, Below,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var (isRaw, mapfile, fill) = (parsed.GetValue(Raw), parsed.GetValue(MapfileTo), parsed.GetValue(FillBad));
        if (!isRaw && mapfile is null)
        {
            throw CommonOptions.Usage("nothing to export is named", "add --raw, or --mapfile FILE, or both");
        }

        using var whole = CommonOptions.OpenStore(parsed);
        var (name, snapshot) = whole.Find(parsed.GetValue(CommonOptions.Snapshot)!);
        using var store = whole.Below(name);
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        var entry = Find(tree, snapshot.Root, Encoding.UTF8.GetBytes(parsed.GetValue(Below)!));
        var (map, bad) = ReadMap(tree, entry);
        if (isRaw && bad.Count > 0 && fill is null)
        {
            throw CommonOptions.Usage($"{map.Size - map.Bytes(AreaState.Good)} bytes could not be read, and a stream cannot leave them out",
                "add --fill-bad zero, or --fill-bad BAD; or asl-admin restore ID --to DIR, which leaves them unwritten");
        }

        if (mapfile is not null)
        {
            WriteMapfile(mapfile, map);
        }

        if (isRaw)
        {
            WriteRaw(tree, artifacts, entry, Pattern(fill));
            bad.ForEach(Console.Error.WriteLine);
        }

        return bad.Count > 0 ? ExitCodes.DoneWithProblems : ExitCodes.Done;
    }

    private static Entry Find(TreeReader tree, Shared.Digest root, byte[] path)
    {
        var entries = tree.Roots(root).Select(source => tree.Find(source, path)).OfType<Entry>().Where(entry => entry.HasBytes).ToList();
        return entries is [var only] ? only : throw CommonOptions.Usage(
            entries.Count == 0 ? $"the snapshot has no image or file '{Printable.Bytes(path)}'" : $"the snapshot has {entries.Count} images",
            "export streams one: name a file with --path, or restore: asl-admin restore ID --to DIR");
    }

    /// <summary>Which bytes are good and bad; and the bad ranges in words, as many as are shown.</summary>
    private static (AreaMap Map, List<string> Bad) ReadMap(TreeReader tree, Entry entry)
    {
        var map = new AreaMap(entry.Size, AreaState.Good);
        var (bad, count, start) = (new List<string>(), 0L, 0L);
        foreach (var item in tree.Leaves(entry.Content))
        {
            if (item.Kind == ContentKind.BadRange)
            {
                map.Set(start, start + item.Length, item.Detail == 0 ? AreaState.Untried : item.Detail < 0 ? AreaState.Unscraped : AreaState.Bad);
                if (++count <= RangesShownMax)
                {
                    bad.Add($"problem: {BadRangeText.Of(start, item)}");
                }
            }

            start += item.Length;
        }

        if (count > RangesShownMax)
        {
            bad.Add(string.Create(CultureInfo.InvariantCulture, $"problem: and {count - RangesShownMax} more; --mapfile lists all"));
        }

        return (map, bad);
    }

    private static void WriteMapfile(string path, AreaMap map)
    {
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(Encoding.ASCII.GetBytes(Mapfile.Format(map, IngestVerb.ProgramVersion)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.TargetIo, "the mapfile cannot be written")
            {
                Where = path,
                Why = exception.Message,
                Fix = "name a file that does not exist, in a folder that can be written",
            });
        }
    }

    private static byte[] Pattern(string? fill) => fill is null or "zero" ? [0] : fill.Length > 0
        ? Encoding.UTF8.GetBytes(fill)
        : throw CommonOptions.Usage("--fill-bad needs something to write", "--fill-bad zero");

    private static void WriteRaw(TreeReader tree, ArtifactReader artifacts, Entry entry, byte[] fill)
    {
        if (!Console.IsOutputRedirected)
        {
            throw CommonOptions.Usage("an image would be written to a terminal", "asl-admin export ID --raw | dd of=/dev/DISK bs=1M");
        }

        using var output = Console.OpenStandardOutput();
        try
        {
            ImageBytes.Copy(tree, artifacts, entry.Content, fill, bytes =>
            {
                Edge.Stopped.ThrowIfCancellationRequested();
                output.Write(bytes);
            });
            output.Flush();
        }
        catch (IOException exception)
        {
            throw new AslException(new AslError(ErrorCode.TargetIo, "standard output cannot be written")
            {
                Why = exception.Message,
                Fix = "make room where it goes, then export again",
            });
        }
    }
}
