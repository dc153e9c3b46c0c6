using System.Globalization;
using AslRescue.Shared.Errors;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace AslRescue.Shared.Logging;

/// <summary>
/// One event for people: <c>14:03:12 WRN message</c>. Events quote names from crashed disks, so everything passes through
/// <see cref="Printable"/>: a file name must not be able to move the cursor of the operator's terminal.
/// </summary>
internal sealed class ConsoleFormatter : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Head = new("{Timestamp:HH:mm:ss} {Level:u3} ", CultureInfo.InvariantCulture);
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        Head.Format(logEvent, output);
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        Message.Format(logEvent, message);
        output.WriteLine(Printable.Text(message.ToString()));
        foreach (var line in logEvent.Exception?.ToString().Split('\n') ?? [])
        {
            output.WriteLine("  " + Printable.Text(line.TrimEnd('\r')));
        }
    }
}
