using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin show ID: one snapshot.</summary>
internal static class ShowVerb
{
    private static readonly Option<bool> Problems = new("--problems") { Description = "list what is not exactly as it was, by path" };

    internal static Command Build()
    {
        var command = new Command("show", "Shows a snapshot.") { CommonOptions.Snapshot, CommonOptions.Store, Problems };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var (name, snapshot) = store.Find(parsed.GetValue(CommonOptions.Snapshot)!);
        var isJson = parsed.GetValue(CommonOptions.Json);
        if (!parsed.GetValue(Problems))
        {
            if (isJson)
            {
                JsonOutput.Write(writer => SnapshotOutput.WriteJson(writer, name, snapshot));
            }
            else
            {
                SnapshotOutput.WriteText(name, snapshot);
            }

            return ExitCodes.Done;
        }

        var problems = SnapshotOutput.ReadProblems(store, snapshot);
        if (isJson)
        {
            JsonOutput.WriteArray(problems, (writer, problem) =>
            {
                writer.WriteRaw("source", snapshot.Sources[problem.Source].Path);
                writer.WriteRaw("path", problem.Path);
                writer.WriteString("kind", problem.Kind.ToString());
                writer.WriteString("text", problem.Text);
            });
            return ExitCodes.Done;
        }

        foreach (var problem in problems)
        {
            Console.WriteLine($"{Printable.Bytes(snapshot.Sources[problem.Source].Path)}/{Printable.Bytes(problem.Path)}: {Printable.Text(problem.Text)}");
        }

        return ExitCodes.Done;
    }
}
