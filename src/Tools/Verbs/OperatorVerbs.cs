using System.CommandLine;
using AslRescue.Intake.Control;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake approve | deny | add | key | cancel: what an operator says to the running intake; with <see cref="StatusVerb"/>.</summary>
internal static class OperatorVerbs
{
    private static readonly Argument<string> Request = new("ID") { Description = "the request's id; its first eight digits do" };
    private static readonly Argument<string> Source = new("SOURCE") { Description = "a directory or file" };

    internal static IEnumerable<Command> Build()
    {
        yield return StatusVerb.Build();
        yield return Verb("approve", "Says yes to the request that is shown.", [Request], (client, parsed) => client.ApproveAsync(parsed.GetValue(Request)!, Edge.Stopped));
        yield return Verb("deny", "Says no to the request; the run ends.", [Request], (client, parsed) => client.DenyAsync(parsed.GetValue(Request)!, Edge.Stopped));
        yield return Verb("add", "Adds a source to the run.", [Source], (client, parsed) => client.AddAsync(Path.GetFullPath(parsed.GetValue(Source)!), Edge.Stopped));
        yield return Verb("key", "Hands the key of the backend's encrypted dataset to ZFS; it is not stored.", [], (client, _) => client.KeyAsync(KeyInput.Read(), Edge.Stopped));
        yield return Verb("cancel", "Ends the run; what is stored stays.", [], (client, _) => client.CancelAsync(Edge.Stopped));
    }

    private static Command Verb(
        string name, string description, Argument<string>[] arguments, Func<ControlClient, ParseResult, Task<IntakeStatus>> ask)
    {
        var command = new Command(name, description);
        foreach (var argument in arguments)
        {
            command.Arguments.Add(argument);
        }

        command.SetAction(async (parsed, _) =>
        {
            using var client = await ControlClient.ConnectAsync(IntakeComposition.Paths(parsed), Edge.Stopped);
            StatusVerb.Show(parsed, await ask(client, parsed));
            return ExitCodes.Done;
        });
        return command;
    }
}
