using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools;

/// <summary>Where the outside meets the program: signals come in, errors become text and an exit code.</summary>
internal static class Edge
{
    private static readonly CancellationTokenSource Stop = new();

    /// <summary>Cancelled by SIGINT, SIGTERM and SIGHUP. A second signal ends the program the usual way.</summary>
    internal static CancellationToken Stopped => Stop.Token;

    /// <summary>Runs a program under the name that it was called by, and gives its exit code.</summary>
    internal static int Run(string name, RootCommand program, string[] args)
    {
        program.HelpName = name;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        var parsed = program.Parse(args);
        try
        {
            if (parsed.Errors.Count > 0)
            {
                throw WrongUsage(name, parsed);
            }

            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (AslException exception)
        {
            Console.Error.WriteLine(Hints.Of(parsed).In(exception.Error));
            return ExitCodes.For(exception.Error.Code);
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("interrupted");
            return ExitCodes.Interrupted;
        }
    }

    private static AslException WrongUsage(string name, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var isVerbUnknown = command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [not ['-', ..], ..];
        return new(new AslError(ErrorCode.Usage, isVerbUnknown ? $"there is no verb '{parsed.UnmatchedTokens[0]}'" : parsed.Errors[0].Message.TrimEnd('.'))
        {
            Fix = string.Join(' ', [name, .. VerbsDownTo(parsed.CommandResult), "--help"]),
        });
    }

    /// <summary>The words that lead from the program to a command: "audit", "verify".</summary>
    private static IEnumerable<string> VerbsDownTo(CommandResult result) =>
        result.Parent is CommandResult parent ? VerbsDownTo(parent).Append(result.Command.Name) : [];

    private static void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !Stop.IsCancellationRequested;
        Stop.Cancel();
    }
}
