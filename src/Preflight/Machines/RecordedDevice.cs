using System.IO.Compression;
using AslRescue.Preflight.Toml;
using AslRescue.Shared.Interop;

namespace AslRescue.Preflight.Machines;

/// <summary>
/// A device as it was recorded: its four labels, one after the other and compressed, at the places where they were. A device that somebody
/// writes to has several recordings, one for each time that it is opened; the last stands for all later ones.
/// </summary>
internal sealed class RecordedDevice : IDevice
{
    private const int LabelBytes = 256 * 1024;
    private readonly byte[] _labels;
    private readonly int? _error;

    private RecordedDevice(byte[] labels, long size, int? error) => (_labels, Size, _error) = (labels, size, error);

    public long Size { get; }

    public bool IsPastCache => true;

    /// <param name="root">The machine's folder.</param>
    /// <param name="section">What machine.toml says of the device.</param>
    /// <param name="times">How often it was opened before.</param>
    public static DeviceAnswer Open(string root, TomlSection section, int times)
    {
        if (section.Text("refused") is { } reason)
        {
            return new DeviceAnswer(null, reason);
        }

        var files = section.Find("labels")!.Texts!;
        using var file = File.OpenRead(Path.Combine(root, files[Math.Min(times, files.Count - 1)]));
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        using var labels = new MemoryStream();
        unpacked.CopyTo(labels);
        return new DeviceAnswer(new RecordedDevice(labels.ToArray(), (long)section.Find("size")!.Value!, section.Find("fails")?.Value is true ? Errno.EIO : null), null);
    }

    public long Read(Span<byte> buffer, long offset)
    {
        if (_error is { } error)
        {
            return -error;
        }

        var end = Size / LabelBytes * LabelBytes;
        var start = offset < 2 * LabelBytes ? offset : offset - end + (4 * LabelBytes);
        _labels.AsSpan((int)start, buffer.Length).CopyTo(buffer);
        return buffer.Length;
    }

    public void Dispose()
    {
    }
}
