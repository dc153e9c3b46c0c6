using System.Buffers;
using System.Runtime.InteropServices;
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
    /// <param name="backend">Where it lies.</param>
    /// <param name="name">Its name.</param>
    /// <param name="decoder">Null: checksums only.</param>
    /// <param name="pastCache">Read from the medium.</param>
    /// <param name="errorsMax">After so many errors nothing more is looked at.</param>
    /// <returns>The footer and an error for each damaged artifact, with its offset.</returns>
    /// <exception cref="AslException">The block is missing, or its header or footer is damaged.</exception>
    public static (BlockFooter Footer, IReadOnlyList<AslError> Errors) Run(IBackend backend, Digest name, ArtifactDecoder? decoder, bool pastCache = false, int errorsMax = int.MaxValue)
    {
        using var file = backend.OpenExisting(ObjectName.Block(name), pastCache);
        var footer = BlockFooter.Read(backend, name, file);
        var longest = footer.Entries.Max(entry => entry.StoredLength);
        var stored = ArrayPool<byte>.Shared.Rent(Math.Max(longest, 1 << 20));
        try
        {
            var pass = new Pass(backend, footer, decoder, errorsMax);
            for (var first = 0; first < footer.Entries.Count && pass.Errors.Count < errorsMax;)
            {
                first = pass.CheckBatch(file, stored, first);
            }

            return (footer, pass.Errors);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    /// <summary>One way through a block. Artifacts are hashed several at once, and reported in the order of their offsets all the same.</summary>
    private sealed class Pass(IBackend backend, BlockFooter footer, ArtifactDecoder? decoder, int errorsMax)
    {
        private readonly List<(int Start, int Length)> _parts = [];
        private readonly List<BlockEntry> _entries = [];
        private Digest[] _keys = [];

        internal List<AslError> Errors { get; } = [];

        /// <summary>Reads as many artifacts as fit into the buffer at once; the index of the first one behind them.</summary>
        internal int CheckBatch(IStoredObject file, byte[] buffer, int first)
        {
            var start = footer.Entries[first].Offset;
            var last = first;
            while (last + 1 < footer.Entries.Count && footer.Entries[last + 1].Offset + footer.Entries[last + 1].StoredLength - start <= buffer.Length)
            {
                last++;
            }

            var stored = buffer.AsSpan(0, footer.Entries[last].Offset + footer.Entries[last].StoredLength - start);
            file.Read(start, stored);
            for (var index = first; index <= last;)
            {
                var end = index + 1;
                while (end < footer.Entries.Count && footer.Entries[end].IsInFrameOf(footer.Entries[index]))
                {
                    end++;
                }

                CheckFrame(index, end, stored, footer.Entries[index].Offset - start);
                index = end;
            }

            CheckKeys(stored);
            return last + 1;
        }

        /// <summary>Checks the artifacts of one frame: a compressed one may hold several.</summary>
        private void CheckFrame(int first, int end, ReadOnlySpan<byte> batch, int start)
        {
            var entry = footer.Entries[first];
            var stored = batch.Slice(start, entry.StoredLength);
            if (!ArtifactDecoder.HasChecksum(stored, entry))
            {
                CheckKeys(batch);
                Report(entry, "its bytes do not have the checksum that the footer gives");
                return;
            }

            if (decoder is null)
            {
                return;
            }

            if (entry.Codec == Codec.Stored && end == first + 1 && entry.StoredLength == entry.RawLength)
            {
                Add(entry, start);
                return;
            }

            CheckKeys(batch);
            var last = footer.Entries[end - 1];
            var raw = ArrayPool<byte>.Shared.Rent(Math.Max(last.Position + last.RawLength, 1));
            try
            {
                var frame = raw.AsSpan(0, last.Position + last.RawLength);
                if (decoder.Unpack(stored, entry.Codec, frame) is { } problem)
                {
                    Report(entry, problem);
                    return;
                }

                for (var index = first; index < end; index++)
                {
                    Add(footer.Entries[index], footer.Entries[index].Position);
                }

                CheckKeys(frame);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(raw);
            }
        }

        private void Add(in BlockEntry entry, int start)
        {
            _entries.Add(entry);
            _parts.Add((start, entry.RawLength));
        }

        /// <summary>Hashes what was added: parts of <paramref name="raw"/>.</summary>
        private void CheckKeys(ReadOnlySpan<byte> raw)
        {
            if (_keys.Length < _parts.Count)
            {
                _keys = new Digest[_parts.Count * 2];
            }

            Digest.OfParts(raw, CollectionsMarshal.AsSpan(_parts), _keys);
            for (var index = 0; index < _entries.Count; index++)
            {
                if (_keys[index] != _entries[index].Key)
                {
                    Report(_entries[index], ArtifactDecoder.WrongKey(_keys[index], _entries[index].Key));
                }
            }

            _entries.Clear();
            _parts.Clear();
        }

        private void Report(in BlockEntry damaged, string why)
        {
            if (Errors.Count >= errorsMax)
            {
                return;
            }

            var offset = damaged.Offset;
            var count = footer.Entries.Count(entry => entry.Offset == offset);
            var others = count == 1 ? "" : $" in a frame of {count}";
            Errors.Add(BlockFooter.Corrupt(backend, footer.Name, offset, $"artifact {damaged.Key.Short}… of {damaged.StoredLength} stored bytes{others}: {why}").Error);
        }
    }
}
