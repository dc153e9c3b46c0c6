using System.Globalization;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Chunking;

namespace AslRescue.Store.Format;

/// <summary>The parameters of a store: the content of format.toml (docs/store-format.md).</summary>
public sealed record StoreFormat
{
    /// <summary>The only version there is.</summary>
    public const int Version = 1;

    /// <summary>No artifact is longer: a reader never allocates more for one.</summary>
    public const int ArtifactBytesMax = 16 << 20;

    /// <summary>No block file is longer, so that any backend takes it in one request.</summary>
    public const int BlockFileBytesMax = 64 << 20;

    /// <summary>How sources are cut.</summary>
    public ChunkParameters Chunks { get; init; } = ChunkParameters.Default;

    /// <summary>Artifacts are compressed together until they have this many raw bytes; those of metadata, an eighth.</summary>
    public int FrameBytes { get; init; } = 1 << 20;

    /// <summary>A block is closed before it grows longer.</summary>
    public int BlockBytes { get; init; } = 32 << 20;

    /// <summary>A segment is at most this long.</summary>
    public int SegmentBytesMax { get; init; } = 64 << 20;

    /// <summary>SHA-256 of the file's bytes; every snapshot holds it.</summary>
    public Digest Digest => Digest.Of(ToBytes());

    /// <summary>The file, byte for byte.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"""
        # The parameters of an ASL store. Written once, when the store is made; see docs/store-format.md.
        format = {Version}
        chunk.bytes-min = {Chunks.BytesMin}
        chunk.bytes-average = {Chunks.BytesAverage}
        chunk.bytes-max = {Chunks.BytesMax}
        frame.bytes = {FrameBytes}
        block.bytes = {BlockBytes}
        segment.bytes-max = {SegmentBytesMax}

        """));

    /// <summary>Reads the file. It must be exactly what <see cref="ToBytes"/> writes for its values: one form, so damage shows.</summary>
    /// <param name="where">The file's name, for the error.</param>
    /// <param name="content">The file's bytes.</param>
    /// <exception cref="AslException">StoreFormatUnknown for another version, FormatCorrupt for anything else.</exception>
    public static StoreFormat Parse(string where, ReadOnlySpan<byte> content)
    {
        Dictionary<string, int> values = [];
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            if (line.Split(" = ") is [var key, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                values[key] = value;
            }
        }

        if (values.TryGetValue("format", out var version) && version != Version)
        {
            throw new AslException(new AslError(ErrorCode.StoreFormatUnknown, $"the store has format {version}")
            {
                Where = $"{where}, offset {content.IndexOf("format = "u8) + "format = ".Length}",
                Why = $"this program knows format {Version}",
                Fix = "use the version of the program that wrote the store",
            });
        }

        var format = new StoreFormat
        {
            Chunks = new(values.GetValueOrDefault("chunk.bytes-min"), values.GetValueOrDefault("chunk.bytes-average"),
                values.GetValueOrDefault("chunk.bytes-max")),
            FrameBytes = values.GetValueOrDefault("frame.bytes"),
            BlockBytes = values.GetValueOrDefault("block.bytes"),
            SegmentBytesMax = values.GetValueOrDefault("segment.bytes-max"),
        };
        var expected = format.ToBytes();
        var difference = content.CommonPrefixLength(expected);
        if (difference != content.Length || difference != expected.Length || !format.IsPossible)
        {
            throw new AslException(new AslError(ErrorCode.FormatCorrupt, "format.toml is damaged")
            {
                Where = $"{where}, offset {difference}",
                Why = "it is not what any store is made with",
                Fix = "asl-admin init --store EMPTY   (makes the usual format.toml: copy it here; every snapshot holds the SHA-256 of the right one)",
            });
        }

        return format;
    }

    private bool IsPossible => Chunks.IsPossible
        && FrameBytes is >= 4096 and <= 4 << 20
        && BlockBytes is >= 1 << 20 and <= BlockFileBytesMax - (4 << 20) && Chunks.BytesMax <= BlockBytes / 4
        && SegmentBytesMax is >= 4096 and <= BackendExtensions.ObjectBytesMax;
}
