using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Snapshots;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin snapshots: what is sealed in a store.</summary>
internal static class SnapshotsVerb
{
    internal static Command Build()
    {
        var command = new Command("snapshots", "Lists the sealed snapshots of a store, oldest first.") { CommonOptions.Store };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var snapshots = store.Seals().Select(item => (item.Seal, Snapshot: SnapshotCodec.Load(store.Backend, item.Seal.Snapshot))).ToList();
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.WriteArray(snapshots, (writer, item) =>
            {
                writer.WriteNumber("seal", item.Seal.Number);
                SnapshotOutput.WriteFields(writer, item.Seal.Snapshot, item.Snapshot);
            });
            return ExitCodes.Done;
        }

        foreach (var (seal, snapshot) in snapshots)
        {
            var sources = string.Join(' ', snapshot.Sources.Select(source => Printable.Bytes(source.Path)));
            var problems = snapshot.ProblemCount == 0 ? "" : $", {Quantity.Count(snapshot.ProblemCount, "problem", "problems")}";
            Console.WriteLine($"{seal.Snapshot.ToString()[..16]}  {SnapshotOutput.Time(snapshot.Created)[..19]}Z  {Quantity.Bytes(snapshot.Counts.SourceBytes),8}  {snapshot.Domain}  {sources}{problems}");
        }

        return ExitCodes.Done;
    }
}
