using Serilog;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace AslRescue.Shared.Logging;

/// <summary>
/// Builds the logger of a program. Whoever builds it disposes it. Standard output is never written to: it is for results.
/// <para>
/// Logging never stops a rescue: a log file that cannot be opened or written, or has reached its size, is told once on standard
/// error, and the program goes on. One process at a time writes a log file; for a second one it "cannot be opened".
/// Serilog's shared mode is not used: it needs a mutex with files in /tmp, and nothing is written outside /var/lib/asl.
/// </para>
/// </summary>
public static class LoggerSetup
{
    /// <summary>A logger with the sinks that the settings ask for; without any it swallows everything.</summary>
    /// <param name="settings">From the configuration.</param>
    /// <param name="failures">Where a failing sink is told; standard error if null. Process-wide: the latest call rules.</param>
    public static Logger Create(LoggingSettings settings, TextWriter? failures = null)
    {
        SelfLog.Enable(TellOnce(failures ?? Console.Error));
        var logger = new LoggerConfiguration().MinimumLevel.Is(settings.Level);
        if (settings.IsConsoleEnabled)
        {
            logger.WriteTo.Console(new ConsoleFormatter(), settings.ConsoleLevel, standardErrorFromLevel: LogEventLevel.Verbose);
        }

        if (settings.IsFileEnabled)
        {
            logger.WriteTo.File(
                new CompactJsonFormatter(), settings.FilePath, settings.FileLevel, fileSizeLimitBytes: settings.FileBytesMax,
                rollingInterval: RollingInterval.Infinite, rollOnFileSizeLimit: false, retainedFileCountLimit: null);
        }

        return logger.CreateLogger();
    }

    /// <summary>A full disk fails every event; the operator needs to hear it once.</summary>
    private static Action<string> TellOnce(TextWriter failures)
    {
        var told = 0;
        return message =>
        {
            if (Interlocked.Exchange(ref told, 1) == 0)
            {
                failures.WriteLine("warning: logging fails, the program goes on: " + Errors.Printable.Text(message.Split('\n')[0]));
            }
        };
    }
}
