using System.Buffers;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Blocks;

/// <summary>Reads a whole block and compares it with its footer.</summary>
public static class BlockCheck
{
    /// <summary>
    /// Every byte against header copy, checksums and name. With a <paramref name="decoder"/> each artifact is also decompressed and
    /// hashed: what a block from elsewhere needs, since checksums only find accidents.
    /// </summary>
    /// <returns>The footer and an error for each damaged artifact, with its offset.</returns>
    /// <exception cref="AslException">The block is missing, or its header or footer is damaged.</exception>
    public static (BlockFooter Footer, IReadOnlyList<AslError> Errors) Run(IBackend backend, Digest name, ArtifactDecoder? decoder, bool pastCache = false)
    {
        using var file = backend.OpenExisting(ObjectName.Block(name), pastCache);
        var footer = BlockFooter.Read(backend, name, file);
        List<AslError> errors = [];
        var longest = footer.Entries.Max(entry => entry.StoredLength);
        var stored = ArrayPool<byte>.Shared.Rent(Math.Max(longest, 1 << 20));
        try
        {
            var first = 0;
            while (first < footer.Entries.Count)
            {
                first = CheckBatch(backend, footer, file, stored, first, decoder, errors);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }

        return (footer, errors);
    }

    /// <summary>Reads as many artifacts as fit into the buffer at once; the index of the first one behind them.</summary>
    private static int CheckBatch(
        IBackend backend, BlockFooter footer, IStoredObject file, byte[] buffer, int first, ArtifactDecoder? decoder, List<AslError> errors)
    {
        var start = footer.Entries[first].Offset;
        var last = first;
        while (last + 1 < footer.Entries.Count && footer.Entries[last + 1].Offset + footer.Entries[last + 1].StoredLength - start <= buffer.Length)
        {
            last++;
        }

        file.Read(start, buffer.AsSpan(0, footer.Entries[last].Offset + footer.Entries[last].StoredLength - start));
        for (var index = first; index <= last;)
        {
            var end = index + 1;
            while (end < footer.Entries.Count && footer.Entries[end].IsInFrameOf(footer.Entries[index]))
            {
                end++;
            }

            var entry = footer.Entries[index];
            CheckFrame(backend, footer, index..end, buffer.AsSpan(entry.Offset - start, entry.StoredLength), decoder, errors);
            index = end;
        }

        return last + 1;
    }

    /// <summary>Checks the artifacts of one frame: a compressed one may hold several.</summary>
    private static void CheckFrame(
        IBackend backend, BlockFooter footer, Range entries, ReadOnlySpan<byte> stored, ArtifactDecoder? decoder, List<AslError> errors)
    {
        var (first, count) = entries.GetOffsetAndLength(footer.Entries.Count);
        var entry = footer.Entries[first];
        if (!ArtifactDecoder.HasChecksum(stored, entry))
        {
            Report(entry, "its bytes do not have the checksum that the footer gives");
            return;
        }

        if (decoder is null)
        {
            return;
        }

        var last = footer.Entries[first + count - 1];
        var raw = ArrayPool<byte>.Shared.Rent(Math.Max(last.Position + last.RawLength, 1));
        try
        {
            var frame = raw.AsSpan(0, last.Position + last.RawLength);
            if (decoder.Unpack(stored, entry.Codec, frame) is { } problem)
            {
                Report(entry, problem);
                return;
            }

            for (var index = first; index < first + count; index++)
            {
                entry = footer.Entries[index];
                if (ArtifactDecoder.Check(frame.Slice(entry.Position, entry.RawLength), entry.Key) is { } wrong)
                {
                    Report(entry, wrong);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }

        void Report(in BlockEntry damaged, string why)
        {
            var others = count == 1 ? "" : $" in a frame of {count}";
            errors.Add(BlockFooter.Corrupt(backend, footer.Name, damaged.Offset, $"artifact {damaged.Key.Short}… of {damaged.StoredLength} stored bytes{others}: {why}").Error);
        }
    }
}
