using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin diff A B: what changed between two snapshots.</summary>
internal static class DiffVerb
{
    private static readonly Argument<string> Before = new("A") { Description = "the earlier snapshot" };
    private static readonly Argument<string> After = new("B") { Description = "the later snapshot" };

    internal static Command Build()
    {
        var command = new Command("diff", "Lists what was added, removed or changed between two snapshots.") { Before, After, CommonOptions.Store };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var (_, before) = store.Find(parsed.GetValue(Before)!);
        var (_, after) = store.Find(parsed.GetValue(After)!);
        using var difference = new SnapshotDiff(store, before, after);
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.WriteArray(difference.Changes(), (writer, change) =>
            {
                writer.WriteString("change", change.Kind.ToString());
                writer.WriteRaw("path", change.Path);
                writer.WriteTexts("what", change.What);
            });
            return ExitCodes.Done;
        }

        foreach (var change in difference.Changes())
        {
            var sign = change.Kind switch { ChangeKind.Added => '+', ChangeKind.Removed => '-', ChangeKind.Changed or _ => '~' };
            Console.WriteLine($"{sign} {(change.Path.Length == 0 ? "." : Printable.Bytes(change.Path))}{(change.What.Count > 0 ? $"  ({string.Join(", ", change.What)})" : "")}");
        }

        return ExitCodes.Done;
    }
}
