using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Blocks;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Output;

/// <summary>Who says where the frames of a block lie.</summary>
internal enum FrameOrigin
{
    /// <summary>The block itself.</summary>
    Footer,

    /// <summary>The segments of the store around it: all but the checksums.</summary>
    Segments,

    /// <summary>Nobody: they were found by their marks.</summary>
    Marks,
}

/// <summary>A block as text and JSON, frame by frame.</summary>
internal sealed class BlockOutput(InspectedFile file, InspectedBlock block, FrameCheck check, bool isDeep)
{
    private const string Columns = "{0,-7}{1,-12}{2,-11}{3,-11}{4,-8}{5,-11}{6}";

    /// <summary>Gives the number of damaged places.</summary>
    internal long WriteText(IEnumerable<InspectedFrame> frames, FrameOrigin origin)
    {
        var count = block.Damages.Count;
        TextOutput.Write(output =>
        {
            WriteHead(output);
            if (!block.IsBlock)
            {
                output.Line("is", $"no block: {ObjectGuesses.Of(file).Word()}");
            }

            output.Line("frames", Word(origin));
            output.WriteLine();
            output.WriteLine(Columns, "frame", "offset", "stored", "raw", "codec", "artifacts", "XXH3-128");
            foreach (var frame in frames)
            {
                count += WriteFrame(output, frame);
                Edge.Stopped.ThrowIfCancellationRequested();
            }

            output.Damages(block.Damages, count > 0 ? "header and footer are whole, frames are damaged: above"
                : isDeep ? "no damage" : "no damage; checksums are right, --check decompresses every frame and checks every key");
        });
        return count;
    }

    /// <summary>Gives the number of damaged places.</summary>
    internal long WriteJson(IEnumerable<InspectedFrame> frames, FrameOrigin origin)
    {
        var count = block.Damages.Count;
        JsonOutput.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("file", file.Place);
            writer.WriteNumber("bytes", file.Length);
            writer.WriteString("is", block.IsBlock ? "block" : ObjectGuesses.Of(file).ToString().ToLowerInvariant());
            WriteHeader(writer);
            WriteFooter(writer);
            writer.WriteString("framesFrom", origin.ToString().ToLowerInvariant());
            writer.WriteBoolean("keysChecked", isDeep);
            writer.WriteStartArray("frames");
            foreach (var frame in frames)
            {
                count += WriteFrame(writer, frame);
                writer.Flush();
                Edge.Stopped.ThrowIfCancellationRequested();
            }

            writer.WriteEndArray();
            writer.WriteDamages(block.Damages);
            writer.WriteEndObject();
        });
        return count;
    }

    private void WriteHead(TextWriter output)
    {
        output.Line("block", $"{Printable.Text(file.Place)}, {file.Length} bytes");
        output.Line("header", block.Header is { } header ? $"at 0, 32 bytes: version {header.Version}, {Content(header.Content)}" : "none");
        output.Line("footer", block.Footer is { } footer ? $"at {footer.Offset}, {footer.Length} bytes: {Quantity.Count(footer.Entries, "entry", "entries")}" : "none");
        if (block.Footer?.Digest is { } digest)
        {
            output.Line("name", $"{digest}{(file.Name is null ? ", as its footer gives it" : "")}");
        }
    }

    private int WriteFrame(TextWriter output, InspectedFrame frame)
    {
        var verdict = check.Run(frame, isDeep);
        var checksum = frame.Checksum is { } said ? FrameCheck.Hex(said) : verdict.Checksum is { } actual ? FrameCheck.Hex(actual) + " (computed)" : "-";
        output.WriteLine(Columns, frame.Number, frame.Offset, frame.StoredLength, frame.RawLength < 0 ? "?" : frame.RawLength, FieldMap.Word(frame.Codec), frame.Artifacts.Count, checksum);
        for (var index = 0; index < frame.Artifacts.Count; index++)
        {
            var artifact = frame.Artifacts[index];
            output.WriteLine($"       position {artifact.Position,-9} raw {artifact.RawLength,-9} key {artifact.Key}{KeyWord(artifact, verdict, index)}");
        }

        foreach (var damage in verdict.Damages)
        {
            output.WriteLine($"       {TextOutput.Of(damage)}");
        }

        return verdict.Damages.Count;
    }

    private string KeyWord(InspectedArtifact artifact, FrameVerdict verdict, int index) => !isDeep ? ""
        : verdict.Keys.ElementAtOrDefault(index) is not { } key ? "  cannot be read" : key == artifact.Key ? "  right" : $"  WRONG: {key}";

    private void WriteHeader(Utf8JsonWriter writer)
    {
        if (block.Header is not { } header)
        {
            writer.WriteNull("header");
            return;
        }

        writer.WriteStartObject("header");
        writer.WriteNumber("version", header.Version);
        writer.WriteNumber("content", header.Content);
        writer.WriteEndObject();
    }

    private void WriteFooter(Utf8JsonWriter writer)
    {
        if (block.Footer is not { } footer)
        {
            writer.WriteNull("footer");
            return;
        }

        writer.WriteStartObject("footer");
        writer.WriteNumber("offset", footer.Offset);
        writer.WriteNumber("length", footer.Length);
        writer.WriteNumber("saidOffset", footer.SaidOffset);
        writer.WriteNumber("entries", footer.Entries);
        writer.WriteString("sha256", footer.Digest?.ToString());
        writer.WriteEndObject();
    }

    private int WriteFrame(Utf8JsonWriter writer, InspectedFrame frame)
    {
        var verdict = check.Run(frame, isDeep);
        writer.WriteStartObject();
        writer.WriteNumber("number", frame.Number);
        writer.WriteNumber("offset", frame.Offset);
        writer.WriteNumber("storedLength", frame.StoredLength);
        writer.WriteNumber("rawLength", frame.RawLength);
        writer.WriteString("codec", FieldMap.Word(frame.Codec));
        writer.WriteString("checksum", frame.Checksum is { } said ? FrameCheck.Hex(said) : null);
        writer.WriteString("actualChecksum", verdict.Checksum is { } actual ? FrameCheck.Hex(actual) : null);
        writer.WriteStartArray("artifacts");
        for (var index = 0; index < frame.Artifacts.Count; index++)
        {
            var artifact = frame.Artifacts[index];
            writer.WriteStartObject();
            writer.WriteString("key", artifact.Key.ToString());
            writer.WriteNumber("position", artifact.Position);
            writer.WriteNumber("rawLength", artifact.RawLength);
            writer.WriteString("actualKey", verdict.Keys.ElementAtOrDefault(index)?.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteDamages(verdict.Damages);
        writer.WriteEndObject();
        return verdict.Damages.Count;
    }

    private static string Content(int content) => content switch
    {
        (int)BlockContent.Chunks => "chunks of sources",
        (int)BlockContent.Metadata => "listings and other metadata",
        _ => $"content {content}, which the format does not have",
    };

    private static string Word(FrameOrigin origin) => origin switch
    {
        FrameOrigin.Footer => "as the footer lists them",
        FrameOrigin.Segments => "as the segments of the store list them: without checksums, and maybe not all",
        _ => "as they are found by their marks: what was stored without compression is not among them",
    };
}
