using System.Buffers;
using System.Text;
using CliWrap;

namespace AslRescue.Shared.Processes;

/// <summary>
/// Keeps the first bytes of a stream and drains the rest, so that a program which prints without end neither fills memory nor
/// blocks on a full pipe.
/// </summary>
internal sealed class BoundedCapture(int bytesMax)
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    /// <summary>True once anything was dropped.</summary>
    public bool IsCut { get; private set; }

    public string Text => Encoding.UTF8.GetString(_kept.WrittenSpan);

    public PipeTarget Target => PipeTarget.Create(DrainAsync);

    private async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            var room = Math.Min(read, bytesMax - _kept.WrittenCount);
            _kept.Write(buffer.AsSpan(0, room));
            IsCut |= room < read;
        }
    }
}
