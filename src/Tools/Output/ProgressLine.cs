namespace AslRescue.Tools.Output;

/// <summary>
/// One line on the terminal, redrawn four times a second while something runs; nothing at all where stderr is no terminal.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private readonly Func<string> _describe;
    private readonly Timer? _timer;
    private readonly Lock _lock = new();
    private int _width;
    private bool _isOver;

    internal ProgressLine(Func<string> describe)
    {
        _describe = describe;
        if (!Console.IsErrorRedirected)
        {
            _timer = new Timer(_ => Draw(), null, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(250));
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_lock)
        {
            _isOver = true;
            if (_width > 0)
            {
                Console.Error.Write("\r" + new string(' ', _width) + "\r");
            }
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            var line = _describe();
            var columns = Math.Max(ColumnsOf() - 1, 20);
            line = line.Length > columns ? line[..columns] : line;
            Console.Error.Write("\r" + line.PadRight(_width));
            _width = line.Length;
        }
    }

    private static int ColumnsOf()
    {
        try
        {
            return Console.WindowWidth > 0 ? Console.WindowWidth : 80;
        }
        catch (IOException)
        {
            return 80; // A serial line that does not tell its width.
        }
    }
}
