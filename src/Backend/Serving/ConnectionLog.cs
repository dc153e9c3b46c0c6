using Microsoft.Extensions.Logging;

namespace AslRescue.Backend.Serving;

/// <summary>Tells in the log what the web server refuses by itself, before there is a request: headers that are too long, malformed or too slow, too many connections.</summary>
internal sealed class ConnectionLog(Serilog.ILogger log) : ILoggerProvider, ILogger
{
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";
    private const string Connections = "Microsoft.AspNetCore.Server.Kestrel.Connections";

    // By Kestrel's names. Of the same categories are events of requests that are under way, which are told of otherwise.
    private static readonly string[] Refusals = ["ConnectionBadRequest", "ConnectionRejected"];

    /// <summary>The categories that refusals are told in, at whatever level.</summary>
    internal static bool IsWanted(string? category, LogLevel level) => category is BadRequests or Connections;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Refusals.Contains(eventId.Name))
        {
            log.Warning("refused before it was a request: {Reason}", Shared.Errors.Printable.Text(formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}
