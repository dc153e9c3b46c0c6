using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug log [RUN|seals|PATH]: the lines of a journal or of the seals, and how each stands in its chain.</summary>
internal static class LogVerb
{
    private static readonly Argument<string?> What = new("LOG")
    {
        Description = "a run, 'seals', or a file or folder that was copied; without it, the logs that there are",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Domain = new("--domain") { Description = "of the store's domains, this one", HelpName = "ID" };

    private static readonly Option<bool> Lines = new("--lines") { Description = "show each line in full, as it is written" };

    internal static Command Build()
    {
        var command = new Command("log", "Shows the lines of a run's journal or of the seals: number, offset, kind, hash, chain. Ends with 5 where one is damaged.")
        {
            What, CommonOptions.Store, Domain, Lines,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var logs = LogSources.Of(parsed, parsed.GetValue(Domain));
        if (parsed.GetValue(What) is not { } what)
        {
            return List(logs, parsed.GetValue(CommonOptions.Json));
        }

        var log = logs.Find(what);
        var output = new LogOutput(log, parsed.GetValue(Lines));
        var damaged = parsed.GetValue(CommonOptions.Json) ? output.WriteJson() : output.WriteText();
        return damaged > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    private static int List(LogSources logs, bool isJson)
    {
        var found = logs.All().ToList();
        if (isJson)
        {
            JsonOutput.WriteArray(found, (writer, log) =>
            {
                writer.WriteString("log", log.Called);
                writer.WriteString("domain", log.Domain);
                writer.WriteString("place", log.Place);
                writer.WriteNumber("files", log.Files.Count);
            });
        }
        else
        {
            TextOutput.Write(output => found.ForEach(log => output.WriteLine(
                $"{Printable.Text(log.Called),-34}{(log.Domain is { } domain ? $"domain {Printable.Text(domain)}, " : "")}{log.Files.Count} {(log.Files.Count == 1 ? "file" : "files")} in {Printable.Text(log.Place)}")));
        }

        return ExitCodes.Done;
    }
}
