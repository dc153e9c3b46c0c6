using System.CommandLine;
using System.Runtime.InteropServices;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools;

/// <summary>Where the outside meets the program: signals come in, errors become text and an exit code.</summary>
internal static class Edge
{
    private static readonly CancellationTokenSource Stop = new();

    /// <summary>Cancelled by SIGINT, SIGTERM and SIGHUP. A second signal ends the program the usual way.</summary>
    internal static CancellationToken Stopped => Stop.Token;

    internal static int Run(RootCommand program, string[] args)
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        try
        {
            var parsed = program.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                throw new AslException(new AslError(ErrorCode.Usage, parsed.Errors[0].Message.TrimEnd('.'))
                {
                    Fix = $"{program.Name} {parsed.CommandResult.Command.Name} --help".Replace($"{program.Name} {program.Name}", program.Name, StringComparison.Ordinal),
                });
            }

            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (AslException exception)
        {
            Console.Error.WriteLine(exception.Error);
            return ExitCodes.For(exception.Error.Code);
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("interrupted: what is stored so far is kept; asl-intake resume goes on from there");
            return ExitCodes.Interrupted;
        }
    }

    private static void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !Stop.IsCancellationRequested;
        Stop.Cancel();
    }
}
