using Serilog.Events;

namespace AslRescue.Shared.Logging;

/// <summary>Where events go. The values are those of logging.conf; see docs/configuration.md.</summary>
public sealed record LoggingSettings
{
    public required LogEventLevel Level { get; init; }

    public required bool IsConsoleEnabled { get; init; }

    public required LogEventLevel ConsoleLevel { get; init; }

    public required bool IsFileEnabled { get; init; }

    /// <summary>Seen from this process, another root included.</summary>
    public required string FilePath { get; init; }

    public required LogEventLevel FileLevel { get; init; }

    /// <summary>At this size the file stops growing.</summary>
    public required long FileBytesMax { get; init; }
}
