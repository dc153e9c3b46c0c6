using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Snapshots;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug rebuild-index: segments again from the blocks.</summary>
internal static class RebuildIndexVerb
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "only say what would be written" };

    internal static Command Build()
    {
        var command = new Command("rebuild-index", "Makes the segments of all snapshots again from the blocks, and writes those that are missing.")
        {
            CommonOptions.Store, DryRun,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var snapshots = store.Seals().Select(item => SnapshotCodec.Load(store.Backend, item.Seal.Snapshot)).ToList();
        var rebuild = new GroupRebuild(store.Backend, store.Format);
        snapshots.ForEach(rebuild.Add);
        var (same, written, differing) = (0, 0, 0);
        foreach (var group in snapshots.SelectMany(snapshot => snapshot.Groups).DistinctBy(group => group.Segments[0].Name))
        {
            var position = 0;
            rebuild.Render(group, (made, file) =>
            {
                var expected = position < group.Segments.Count ? group.Segments[position++].Name : default;
                var name = ObjectName.Segment(made.Name);
                using var present = store.Backend.Open(name);
                if (made.Name != expected)
                {
                    differing++;
                    Console.Error.WriteLine($"segment {made.Name} was made where the snapshot names {expected}");
                }
                else if (present is not null)
                {
                    same++;
                }
                else
                {
                    written++;
                    Console.WriteLine($"{(parsed.GetValue(DryRun) ? "missing" : "written")} {name}");
                    if (!parsed.GetValue(DryRun))
                    {
                        store.Backend.CreateSealed(name, file.Span);
                    }
                }
            });
        }

        Console.WriteLine($"{same} present under the name that the blocks give, {written} {(parsed.GetValue(DryRun) ? "missing" : "written")}, {differing} differing");
        return differing > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }
}
