using System.Text.Json;
using AslRescue.Shared.Logging;
using Serilog.Events;

namespace AslRescue.Shared.Tests.Logging;

/// <summary>Alone, because standard error and Serilog's own log belong to the whole process.</summary>
[CollectionDefinition(nameof(LoggerSetupTests), DisableParallelization = true)]
[Collection(nameof(LoggerSetupTests))]
public sealed class LoggerSetupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("asl-logging-").FullName;
    private readonly StringWriter _failures = new();

    [Fact]
    public void The_console_is_standard_error_and_cannot_be_driven_by_a_file_name()
    {
        var (error, output) = Captured(() =>
        {
            using var logger = LoggerSetup.Create(Settings(console: true), _failures);
            logger.Debug("below the level");
            logger.Warning("cannot read {Path}", "/mnt/\u001b[2Jx\ny");
            logger.Error(new InvalidOperationException("no\u0007luck"), "stopped");
        });
        Assert.Equal("", output);
        var lines = error.TrimEnd('\n').Split('\n');
        Assert.Matches(@"^\d\d:\d\d:\d\d WRN cannot read /mnt/\\u001b\[2Jx\\u000ay$", lines[0]);
        Assert.Matches(@"^\d\d:\d\d:\d\d ERR stopped$", lines[1]);
        Assert.Equal(@"  System.InvalidOperationException: no\u0007luck", lines[2]);
        Assert.Equal(3, lines.Length);
    }

    [Fact]
    public void The_file_gets_one_compact_JSON_object_a_line()
    {
        var path = Path.Combine(_folder, "runtime", "asl.log");
        using (var logger = LoggerSetup.Create(Settings() with { IsFileEnabled = true, FilePath = path }, _failures))
        {
            logger.Information("sealed {Blocks} blocks", 7);
            logger.Debug("below the level");
        }

        using var line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(path)));
        Assert.Equal("sealed {Blocks} blocks", line.RootElement.GetProperty("@mt").GetString());
        Assert.Equal(7, line.RootElement.GetProperty("Blocks").GetInt32());
        Assert.Equal("", _failures.ToString());
    }

    [Fact]
    public void Each_sink_has_its_own_level()
    {
        var path = Path.Combine(_folder, "asl.log");
        var settings = Settings(console: true) with
        {
            Level = LogEventLevel.Debug, ConsoleLevel = LogEventLevel.Error, IsFileEnabled = true, FilePath = path, FileLevel = LogEventLevel.Debug,
        };
        var (error, _) = Captured(() =>
        {
            using var logger = LoggerSetup.Create(settings, _failures);
            logger.Debug("for the file");
        });
        Assert.Equal("", error);
        Assert.Single(File.ReadAllLines(path));
    }

    [Fact]
    public void A_file_that_is_not_enabled_is_not_made()
    {
        var path = Path.Combine(_folder, "asl.log");
        using (var logger = LoggerSetup.Create(Settings() with { FilePath = path }, _failures))
        {
            logger.Fatal("to nobody");
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_told_once_and_stops_nothing()
    {
        File.WriteAllText(Path.Combine(_folder, "taken"), "");
        var settings = Settings(console: true) with { IsFileEnabled = true, FilePath = Path.Combine(_folder, "taken", "asl.log") };
        var (error, _) = Captured(() =>
        {
            using var logger = LoggerSetup.Create(settings, _failures);
            logger.Warning("one");
            logger.Warning("two");
        });
        Assert.Contains("WRN one\n", error);
        Assert.Contains("WRN two\n", error);
        var told = Assert.Single(_failures.ToString().TrimEnd('\n').Split('\n'));
        Assert.StartsWith("warning: logging fails, the program goes on: ", told);
        Assert.Contains(settings.FilePath, told);
    }

    [Fact]
    public void A_full_file_stops_growing_and_is_told_once()
    {
        var path = Path.Combine(_folder, "asl.log");
        using (var logger = LoggerSetup.Create(Settings() with { IsFileEnabled = true, FilePath = path, FileBytesMax = 4096 }, _failures))
        {
            for (var i = 0; i < 1000; i++)
            {
                logger.Information("event {Number}", i);
            }
        }

        Assert.InRange(new FileInfo(path).Length, 4096, 4096 + 200);
        Assert.Single(_failures.ToString().TrimEnd('\n').Split('\n'));
        Assert.Contains("size limit", _failures.ToString());
    }

    public void Dispose()
    {
        Serilog.Debugging.SelfLog.Disable();
        _failures.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static LoggingSettings Settings(bool console = false) => new()
    {
        Level = LogEventLevel.Information,
        IsConsoleEnabled = console,
        ConsoleLevel = LogEventLevel.Verbose,
        IsFileEnabled = false,
        FilePath = "/nonexistent/asl.log",
        FileLevel = LogEventLevel.Verbose,
        FileBytesMax = 1 << 20,
    };

    private static (string Error, string Output) Captured(Action action)
    {
        var (error, output) = (Console.Error, Console.Out);
        using var writtenError = new StringWriter();
        using var writtenOutput = new StringWriter();
        try
        {
            Console.SetError(writtenError);
            Console.SetOut(writtenOutput);
            action();
        }
        finally
        {
            Console.SetError(error);
            Console.SetOut(output);
        }

        return (writtenError.ToString(), writtenOutput.ToString());
    }
}
