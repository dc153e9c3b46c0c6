using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Intake.Control;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake status | approve | deny | add | cancel: what an operator says to the running intake.</summary>
internal static class OperatorVerbs
{
    private static readonly Argument<string> Request = new("ID") { Description = "the request's id; its first eight digits do" };
    private static readonly Argument<string> Source = new("SOURCE") { Description = "a directory or file" };
    private static readonly Option<bool> Watch = new("--watch") { Description = "go on showing it until the run is over" };

    internal static IEnumerable<Command> Build()
    {
        var status = new Command("status", "Shows where the run stands, why, what is asked, and what to type.") { Watch };
        status.SetAction((parsed, _) => StatusAsync(parsed));
        yield return status;
        yield return Verb("approve", "Says yes to the request that is shown.", [Request], (client, parsed) => client.ApproveAsync(parsed.GetValue(Request)!, Edge.Stopped));
        yield return Verb("deny", "Says no to the request; the run ends.", [Request], (client, parsed) => client.DenyAsync(parsed.GetValue(Request)!, Edge.Stopped));
        yield return Verb("add", "Adds a source to the run.", [Source], (client, parsed) => client.AddAsync(Path.GetFullPath(parsed.GetValue(Source)!), Edge.Stopped));
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
            Show(await ask(client, parsed), parsed.GetValue(CommonOptions.Json));
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<int> StatusAsync(ParseResult parsed)
    {
        using var client = await ControlClient.ConnectAsync(IntakeComposition.Paths(parsed), Edge.Stopped);
        var isJson = parsed.GetValue(CommonOptions.Json);
        if (!parsed.GetValue(Watch))
        {
            Show(await client.StatusAsync(Edge.Stopped), isJson);
            return ExitCodes.Done;
        }

        await foreach (var status in client.WatchAsync(Edge.Stopped))
        {
            Show(status, isJson);
        }

        return ExitCodes.Done;
    }

    private static void Show(IntakeStatus status, bool isJson)
    {
        if (isJson)
        {
            Console.WriteLine(status.ToJson());
            return;
        }

        Line("run", status.Run);
        Line("state", status.State + (status.Since is { } since ? $" since {since:yyyy-MM-dd HH:mm:ss}Z" : ""));
        Line("because", status.Reason);
        Line("now", status.Detail);
        if (status.Progress is { } progress)
        {
            Line("progress", $"{Quantity.Count(progress.Entries, "entry", "entries")}, {Quantity.Bytes(progress.BytesDone)}"
                + (progress.BytesTotal is { } total ? $" of about {Quantity.Bytes(total)}" : "") + (progress.Current is { } current ? $", {current}" : ""));
        }

        if (status.Request is { } request)
        {
            var left = request.SecondsLeft is { } seconds ? $", {seconds} s left" : "";
            Line("asked", $"{request.Backend}, request {request.Id[..Math.Min(8, request.Id.Length)]}{left}");
            Line("warning", request.Warning);
            request.Sources.ToList().ForEach(source => Line("source", source));
            Line("not by configuration", request.WhyNotByConfiguration);
        }

        status.Type.ToList().ForEach(command => Line("type", command));
    }

    private static void Line(string label, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            Console.WriteLine($"{label,-10} {Printable.Text(value)}");
        }
    }
}
