using System.Globalization;

namespace AslRescue.Fuzz;

/// <summary>
/// Tells how often a target ran and how long the processor worked for it: whoever fuzzes ends this process without asking, so it is written down every
/// quarter of a second.
/// </summary>
internal sealed class Meter(string? path) : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private long _executions;
    private long _written;

    internal void Count()
    {
        _executions++;
        if (path is not null && TimeProvider.System.GetElapsedTime(_written) > Period)
        {
            Write();
        }
    }

    public void Dispose()
    {
        if (path is not null)
        {
            Write();
        }
    }

    private void Write()
    {
        _written = TimeProvider.System.GetTimestamp();
        File.WriteAllText(path + ".new", string.Create(CultureInfo.InvariantCulture, $"{_executions} {Environment.CpuUsage.TotalTime.TotalSeconds:F3}\n"));
        File.Move(path + ".new", path!, overwrite: true); // Never half of it.
    }
}
