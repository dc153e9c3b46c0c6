using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Shared.Interop;

namespace AslRescue.Preflight.Tests.Pools.Labels;

/// <summary>The labels of a real device in memory, to be damaged. It reads as zeros between them.</summary>
internal sealed class LabelDevice : IDevice
{
    public const int Label = 256 * 1024;
    private const ulong ChecksumMagic = 0x0210da7ab10c7a11;
    private readonly byte[] _labels;

    public LabelDevice(string recording, long size = 64 << 20)
    {
        Size = size;
        using var file = File.OpenRead(Path.Combine(Repository.Tests, $"recordings/labels-2.1.11-{recording}.gz"));
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        using var labels = new MemoryStream();
        unpacked.CopyTo(labels);
        _labels = labels.ToArray();
    }

    public static TheoryData<string> Recordings => ["single", "exported", "ashift-12", "mirror-0", "mirror-1"];

    public long Size { get; }

    public bool IsPastCache => true;

    /// <summary>Copies that cannot be read.</summary>
    public HashSet<int> Failing { get; } = [];

    public DeviceLabels Read() => DeviceLabels.Read(this, withUberblocks: true);

    /// <summary>The bytes of one copy.</summary>
    public Span<byte> Copy(int number) => _labels.AsSpan(number * Label, Label);

    public Span<byte> Configuration(int copy) => Copy(copy).Slice(16 * 1024, 112 * 1024);

    public Span<byte> Slot(int copy, int slot, int shift = 10) => Copy(copy).Slice((128 * 1024) + (slot << shift), 1 << shift);

    /// <summary>Writes a number of the configuration, with a checksum that fits.</summary>
    public LabelDevice With(int copy, string field, ulong value)
    {
        var configuration = Configuration(copy);
        byte[] name = [0, 0, 0, (byte)field.Length, .. System.Text.Encoding.ASCII.GetBytes(field), .. new byte[(4 - (field.Length % 4)) % 4], 0, 0, 0, 8, 0, 0, 0, 1];
        BinaryPrimitives.WriteUInt64BigEndian(configuration[(configuration.IndexOf(name) + name.Length)..], value);
        Sign(configuration, Place(copy) + (16 * 1024));
        return this;
    }

    /// <summary>The checksum as ZFS makes it, written from its definition and not with the code under test.</summary>
    public static void Sign(Span<byte> part, long place, bool isBig = false)
    {
        var tail = part[^40..];
        ReadOnlySpan<ulong> words = [ChecksumMagic, (ulong)place, 0, 0, 0];
        for (var i = 0; i < words.Length; i++)
        {
            Write(tail[(8 * i)..], words[i], isBig);
        }

        var digest = SHA256.HashData(part);
        for (var i = 0; i < 4; i++)
        {
            Write(tail[(8 + (8 * i))..], BinaryPrimitives.ReadUInt64BigEndian(digest.AsSpan(8 * i)), isBig);
        }
    }

    /// <summary>Signs a slot of the ring.</summary>
    public void SignSlot(int copy, int slot, bool isBig = false) => Sign(Slot(copy, slot), Place(copy) + (128 * 1024) + (slot << 10), isBig);

    /// <summary>Where a copy lies, by the definition.</summary>
    public long Place(int copy) => copy < 2 ? copy * Label : (Size / Label * Label) - ((4 - copy) * Label);

    long IDevice.Read(Span<byte> buffer, long offset)
    {
        buffer.Clear();
        for (var copy = 0; copy < 4; copy++)
        {
            if (offset >= Place(copy) && offset + buffer.Length <= Place(copy) + Label)
            {
                Copy(copy).Slice((int)(offset - Place(copy)), buffer.Length).CopyTo(buffer);
                return Failing.Contains(copy) ? -Errno.EIO : buffer.Length;
            }
        }

        return buffer.Length;
    }

    public void Dispose()
    {
    }

    private static void Write(Span<byte> to, ulong number, bool isBig)
    {
        if (isBig)
        {
            BinaryPrimitives.WriteUInt64BigEndian(to, number);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to, number);
        }
    }
}
