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
    public static (BlockFooter Footer, IReadOnlyList<AslError> Errors) Run(IBackend backend, Digest name, ArtifactDecoder? decoder)
    {
        using var file = backend.OpenExisting(ObjectName.Block(name));
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
        for (var index = first; index <= last; index++)
        {
            var entry = footer.Entries[index];
            var problem = Check(buffer.AsSpan(entry.Offset - start, entry.StoredLength), entry, decoder);
            if (problem is not null)
            {
                errors.Add(BlockFooter.Corrupt(backend, footer.Name, entry.Offset, $"artifact {entry.Key.Short}… of {entry.StoredLength} stored bytes: {problem}").Error);
            }
        }

        return last + 1;
    }

    private static string? Check(ReadOnlySpan<byte> stored, in BlockEntry entry, ArtifactDecoder? decoder)
    {
        if (!ArtifactDecoder.HasChecksum(stored, entry))
        {
            return "its bytes do not have the checksum that the footer gives";
        }

        if (decoder is null)
        {
            return null;
        }

        var raw = ArrayPool<byte>.Shared.Rent(Math.Max(entry.RawLength, 1));
        try
        {
            return decoder.Decode(stored, entry.Codec, entry.Key, raw.AsSpan(0, entry.RawLength));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }
}
