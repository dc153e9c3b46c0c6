using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AslRescue.Intake.Control;

/// <summary>JSON, one document a line, over a socket, with a bound on the line and on the time for it.</summary>
/// <param name="socket">Closed with this.</param>
/// <param name="lineBytesMax">Bound on a line that is read.</param>
internal sealed class LineChannel(Socket socket, int lineBytesMax = LineChannel.LineBytesMax) : IDisposable
{
    /// <summary>A path of 4096 bytes, every one escaped, and some.</summary>
    public const int LineBytesMax = 32 * 1024;

    /// <summary>A status names every source twice.</summary>
    public const int AnswerBytesMax = 4 * 1024 * 1024;

    private readonly byte[] _buffer = new byte[lineBytesMax];
    private int _length;

    /// <summary>The next line without its end; null when the other side has closed.</summary>
    /// <exception cref="InvalidDataException">The line is longer than allowed.</exception>
    public async Task<byte[]?> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return Take(end);
            }

            if (_length == _buffer.Length)
            {
                throw new InvalidDataException($"a line is at most {lineBytesMax} bytes long");
            }

            var read = await socket.ReceiveAsync(_buffer.AsMemory(_length), limit.Token);
            if (read == 0)
            {
                return null;
            }

            _length += read;
        }
    }

    /// <summary>Writes one line.</summary>
    public async Task WriteAsync<T>(T message, JsonTypeInfo<T> type, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        ReadOnlyMemory<byte> rest = (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(message, type), (byte)'\n'];
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, limit.Token)..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private byte[] Take(int end)
    {
        var line = _buffer[..end];
        _buffer.AsSpan(end + 1, _length - end - 1).CopyTo(_buffer);
        _length -= end + 1;
        return line;
    }
}
