using System.CommandLine;
using System.Text.Json;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Snapshots;
using AslRescue.Tools.Output;

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
        var isDryRun = parsed.GetValue(DryRun);
        var (present, missing, differing) = Rebuild(store, isDryRun);
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("present", present);
                WriteNames(writer, isDryRun ? "missing" : "written", missing);
                WriteNames(writer, "differing", differing.Select(pair => pair.Made));
                writer.WriteEndObject();
            });
        }
        else
        {
            WriteText(isDryRun ? "missing" : "written", present, missing, differing);
        }

        return differing.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    /// <summary>Makes every segment again; writes those that are missing, unless it is only to be said.</summary>
    private static (int Present, List<string> Missing, List<(string Made, string Named)> Differing) Rebuild(ArtifactStore store, bool isDryRun)
    {
        var snapshots = store.Seals().Select(item => SnapshotCodec.Load(store.Backend, item.Seal.Snapshot)).ToList();
        var rebuild = new GroupRebuild(store.Backend, store.Format);
        snapshots.ForEach(rebuild.Add);
        var (present, missing, differing) = (0, new List<string>(), new List<(string, string)>());
        foreach (var group in snapshots.SelectMany(snapshot => snapshot.Groups).DistinctBy(group => group.Segments[0].Name))
        {
            var position = 0;
            rebuild.Render(group, (made, file) =>
            {
                var expected = position < group.Segments.Count ? group.Segments[position++].Name : default;
                var name = ObjectName.Segment(made.Name);
                using var there = store.Backend.Open(name);
                if (made.Name != expected)
                {
                    differing.Add((made.Name.ToString(), expected.ToString()));
                }
                else if (there is not null)
                {
                    present++;
                }
                else
                {
                    missing.Add(name.ToString());
                    if (!isDryRun)
                    {
                        store.Backend.CreateSealed(name, file);
                    }
                }
            });
        }

        return (present, missing, differing);
    }

    private static void WriteText(string word, int present, List<string> missing, List<(string Made, string Named)> differing)
    {
        differing.ForEach(pair => Console.Error.WriteLine($"segment {pair.Made} was made where the snapshot names {pair.Named}"));
        missing.ForEach(name => Console.WriteLine($"{word} {name}"));
        Console.WriteLine($"{present} present under the name that the blocks give, {missing.Count} {word}, {differing.Count} differing");
    }

    private static void WriteNames(Utf8JsonWriter writer, string field, IEnumerable<string> names)
    {
        writer.WriteStartArray(field);
        foreach (var name in names)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }
}
