using System.Buffers.Binary;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;

namespace AslRescue.Store.Inspection;

/// <summary>Finds the footer of a block that may have been cut short, or behind which something was appended.</summary>
internal static class BlockFooterSearch
{
    private const int WindowBytes = 1 << 20;
    private const int FixedBytes = 72;

    /// <summary>Where the footer starts, and whether the trailer says so. Null when there is none in the last 64 MiB.</summary>
    internal static (long Offset, bool ByTrailer)? Find(InspectedFile file)
    {
        if (file.TryRead(file.Length - 16, 16) is { } trailer && trailer.AsSpan(8).SequenceEqual("ASLBEND1"u8))
        {
            var start = file.Length - BinaryPrimitives.ReadInt64LittleEndian(trailer);
            if (start >= 0 && start <= file.Length - FixedBytes && file.TryRead(start, 8) is { } mark && mark.AsSpan().SequenceEqual("ASLFOOT1"u8))
            {
                return (start, true);
            }
        }

        return FindByMark(file) is { } found ? (found, false) : null;
    }

    /// <summary>The last place with a footer's mark and a header's behind it: chunks of a source may hold the first by chance.</summary>
    private static long? FindByMark(InspectedFile file)
    {
        Span<byte> wanted = [.. "ASLFOOT1ASLBLOCK"u8];
        var buffer = new byte[Math.Min(WindowBytes + wanted.Length, file.Length)];
        for (var end = file.Length; end > 0 && end > file.Length - StoreFormat.BlockFileBytesMax; end -= WindowBytes)
        {
            var start = Math.Max(0, end - WindowBytes);
            var window = buffer.AsSpan(0, (int)(Math.Min(end + wanted.Length, file.Length) - start));
            if (file.Read(start, window) is null && window.LastIndexOf(wanted) is var at and >= 0)
            {
                return start + at;
            }
        }

        return null;
    }
}
