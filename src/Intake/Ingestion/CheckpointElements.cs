using System.Formats.Cbor;
using AslRescue.Intake.Imaging;
using AslRescue.Shared.Errors;
using AslRescue.Store.Format;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// Goes through a checkpoint object, which holds parts of files and of images. It is what its journal's digest says; whoever wrote both may have been no ingest.
/// </summary>
internal static class CheckpointElements
{
    /// <summary>Each element: a part of a file, or one of an image. Read as they are asked for.</summary>
    /// <exception cref="AslException">LogCorrupt.</exception>
    internal static IEnumerable<(CheckpointPart? Part, ImageElement? Image)> Read(byte[] content)
    {
        var reader = CborExtensions.NewReader(content);
        while (reader.BytesRemaining > 0)
        {
            yield return Next(reader, content.Length);
        }
    }

    private static (CheckpointPart? Part, ImageElement? Image) Next(CborReader reader, int length)
    {
        var offset = length - reader.BytesRemaining;
        try
        {
            return reader.ReadStartArray() switch
            {
                CheckpointPart.Fields => (CheckpointPart.ReadFields(reader), null),
                ImageElement.Fields => (null, ImageElement.ReadFields(reader)),
                var fields => throw new CborContentException($"an element of {fields?.ToString() ?? "any number of"} fields"),
            };
        }
        catch (Exception malformed) when (malformed is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new AslException(
                new AslError(ErrorCode.LogCorrupt, "a checkpoint holds what no ingest writes")
                {
                    Where = $"offset {offset} of its {length} bytes",
                    Why = malformed.Message,
                    Fix = "asl-intake ingest SOURCE…   (begins another run; this one cannot be resumed)",
                },
                malformed);
        }
    }
}
