using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug snapshot NAME|FILE: a snapshot or draft field by field; its evidence.</summary>
internal static class SnapshotVerb
{
    private static readonly Argument<string> Name = new("SNAPSHOT") { Description = "a file, or the name of a snapshot, or the first digits of it, or 'latest'" };

    private static readonly Option<string?> Evidence = new("--evidence") { Description = "write this document to standard output, byte for byte", HelpName = "NAME" };

    internal static Command Build()
    {
        var command = new Command("snapshot", "Shows each field of a snapshot, its evidence and signatures, and where it is damaged. Ends with 5 where it is.")
        {
            Name, CommonOptions.Store, Evidence,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var shown = InspectedObject.Open(parsed, Resolve(parsed), "snapshots");
        var snapshot = new InspectedSnapshot(shown.File);
        if (parsed.GetValue(Evidence) is { } document)
        {
            return WriteEvidence(snapshot, document, parsed.GetValue(CommonOptions.Json));
        }

        var signatures = shown is { Around: { } store, File.Name: { } name } ? InspectedSnapshot.Signatures(store, name) : [];
        if (parsed.GetValue(CommonOptions.Json))
        {
            SnapshotFieldOutput.WriteJson(shown.File, snapshot, signatures);
        }
        else
        {
            SnapshotFieldOutput.WriteText(shown.File, snapshot, signatures);
        }

        return snapshot.Damages.Count > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    /// <summary>"latest" asks the seals, which must be whole for that.</summary>
    private static string Resolve(ParseResult parsed)
    {
        var text = parsed.GetValue(Name)!;
        if (text != "latest" || (parsed.GetValue(CommonOptions.Store) is null && File.Exists(text)))
        {
            return text;
        }

        using var store = ArtifactStore.Open(InspectedObject.OpenBackend(parsed));
        return store.Find(text).Name.ToString();
    }

    private static int WriteEvidence(InspectedSnapshot snapshot, string name, bool isJson)
    {
        if (isJson)
        {
            throw CommonOptions.Usage("a document has no form in JSON", "leave --json away");
        }

        var found = snapshot.Evidence.FirstOrDefault(evidence => evidence.Name == name) ?? throw CommonOptions.Usage($"the snapshot has no evidence '{name}'",
            snapshot.Evidence.Count == 0 ? "it has none" : "it has " + string.Join(", ", snapshot.Evidence.Select(evidence => evidence.Name)));
        using var output = Console.OpenStandardOutput();
        output.Write(found.Content.Span);
        return ExitCodes.Done;
    }
}
