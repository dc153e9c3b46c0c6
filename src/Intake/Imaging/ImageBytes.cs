using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Store.Format;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Imaging;

/// <summary>The bytes of a content in order, from the store.</summary>
public static class ImageBytes
{
    private const int ZerosBytes = 1 << 20;

    /// <summary>SHA-256 of a content without bad ranges.</summary>
    internal static Digest Hash(TreeReader tree, ArtifactReader artifacts, IReadOnlyList<ContentItem> content, IngestProgress progress)
    {
        using var hash = new DigestStream();
        Copy(tree, artifacts, content, [0], bytes =>
        {
            hash.Append(bytes);
            progress.CountWork();
        });
        return hash.Finish();
    }

    /// <summary>Hands on all bytes, in order; holes as zeros.</summary>
    /// <param name="tree">Reads the content.</param>
    /// <param name="artifacts">Reads its artifacts.</param>
    /// <param name="content">The items.</param>
    /// <param name="fill">What stands for bytes of bad ranges: this pattern, as if it began at the start of the image and went on and on.</param>
    /// <param name="put">Takes them.</param>
    public static void Copy(TreeReader tree, ArtifactReader artifacts, IReadOnlyList<ContentItem> content, byte[] fill, PutBytes put)
    {
        var (buffer, zeros, position) = (new byte[StoreFormat.ArtifactBytesMax], new byte[ZerosBytes], 0L);
        foreach (var item in tree.Leaves(content))
        {
            switch (item.Kind)
            {
                case ContentKind.Artifact:
                    artifacts.Read(item.Key, buffer.AsSpan(0, (int)item.Length));
                    put(buffer.AsSpan(0, (int)item.Length));
                    break;
                case ContentKind.BadRange:
                    PutFill(position, item.Length, fill, put);
                    break;
                default:
                    PutZeros(item.Length, zeros, put);
                    break;
            }

            position += item.Length;
        }
    }

    private static void PutZeros(long length, byte[] zeros, PutBytes put)
    {
        for (; length > 0; length -= Math.Min(length, zeros.Length))
        {
            put(zeros.AsSpan(0, (int)Math.Min(length, zeros.Length)));
        }
    }

    private static void PutFill(long position, long length, byte[] fill, PutBytes put)
    {
        var pattern = new byte[(ZerosBytes / fill.Length + 1) * fill.Length];
        for (var index = 0; index < pattern.Length; index++)
        {
            pattern[index] = fill[index % fill.Length];
        }

        while (length > 0)
        {
            var start = (int)(position % fill.Length);
            var count = (int)Math.Min(length, pattern.Length - start);
            put(pattern.AsSpan(start, count));
            (position, length) = (position + count, length - count);
        }
    }
}

/// <summary>Takes the next bytes; they are valid during the call.</summary>
public delegate void PutBytes(ReadOnlySpan<byte> bytes);
