using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Store.Snapshots;

namespace AslRescue.Tools.Output;

/// <summary>A snapshot field by field, as text and JSON.</summary>
internal static class SnapshotFieldOutput
{
    private const int ValueCharactersMax = 90;
    private const int JsonCharactersMax = 1 << 20;

    internal static void WriteText(InspectedFile file, InspectedSnapshot snapshot, IReadOnlyList<InspectedSignature> signatures) => TextOutput.Write(output =>
    {
        output.Line("snapshot", $"{Printable.Text(file.Place)}, {file.Length} bytes");
        output.Line("name", snapshot.Digest is { } digest ? $"{digest}{(file.Name is null ? ", as its bytes give it" : "")}" : "it cannot be read");
        if (snapshot.Fields.Count == 0)
        {
            output.Line("is", $"no snapshot: {ObjectGuesses.Of(file).Word()}");
        }

        output.WriteLine();
        output.WriteLine($"{"key",-4}{"offset",-11}{"length",-9}{"field",-10}value");
        foreach (var field in snapshot.Fields)
        {
            output.WriteLine($"{field.Key,-4}{field.Offset,-11}{field.Length,-9}{field.Name,-10}{Summary(field, snapshot.Content)}");
        }

        WriteEvidence(output, snapshot);
        foreach (var signature in signatures)
        {
            output.WriteLine($"signature of key {signature.Key}: {(signature.IsGood ? "good" : "NOT good")}");
        }

        output.Damages(snapshot.Damages, "no damage");
    });

    internal static void WriteJson(InspectedFile file, InspectedSnapshot snapshot, IReadOnlyList<InspectedSignature> signatures) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("file", file.Place);
        writer.WriteNumber("bytes", file.Length);
        writer.WriteString("sha256", snapshot.Digest?.ToString());
        writer.WriteStartArray("fields");
        foreach (var field in snapshot.Fields)
        {
            writer.WriteStartObject();
            writer.WriteNumber("key", field.Key);
            writer.WriteString("name", field.Name);
            writer.WriteNumber("offset", field.Offset);
            writer.WriteNumber("length", field.Length);
            writer.WriteString("value", CborText.Of(field.Value, JsonCharactersMax));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("evidence");
        foreach (var evidence in snapshot.Evidence)
        {
            writer.WriteStartObject();
            writer.WriteString("name", evidence.Name);
            writer.WriteNumber("offset", evidence.Offset);
            writer.WriteNumber("length", evidence.Content.Length);
            writer.WriteString("sha256", Digest.Of(evidence.Content.Span).ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("signatures");
        foreach (var signature in signatures)
        {
            writer.WriteStartObject();
            writer.WriteString("path", signature.Path);
            writer.WriteString("key", signature.Key);
            writer.WriteBoolean("good", signature.IsGood);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteDamages(snapshot.Damages);
        writer.WriteEndObject();
    });

    private static void WriteEvidence(TextWriter output, InspectedSnapshot snapshot)
    {
        if (snapshot.Evidence.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine($"{"evidence",-24}{"offset",-11}{"bytes",-10}SHA-256");
        foreach (var evidence in snapshot.Evidence)
        {
            output.WriteLine($"{Printable.Text(evidence.Name),-24}{evidence.Offset,-11}{evidence.Content.Length,-10}{Digest.Of(evidence.Content.Span)}");
        }
    }

    /// <summary>What a field says, in words where it is whole; else its CBOR.</summary>
    private static string Summary(SnapshotField field, Snapshot? content) => (field.Key, content) switch
    {
        (4, { } whole) => SnapshotOutput.Time(whole.Started),
        (5, { } whole) => SnapshotOutput.Time(whole.Created),
        (6, { Base: var (seal, name) }) => string.Create(CultureInfo.InvariantCulture, $"seal {seal}, snapshot {name}"),
        (8, { } whole) => Quantity.Count(whole.Side.Count, "item", "items"),
        (9, { } whole) => string.Join(", ", whole.Sources.Select(source => $"{(source.Kind == SnapshotSource.ImageKind ? "image" : "tree")} {Printable.Bytes(source.Path)}")),
        (10, { } whole) => $"{Quantity.Count(whole.Groups.Count, "group", "groups")}: {string.Join(", ", whole.Groups.Select(group => $"{Quantity.Count(group.Segments.Count, "segment", "segments")} of {Quantity.Count(group.Count, "row", "rows")}"))}",
        (11, { } whole) => $"{Quantity.Count(whole.Blocks.Count, "block", "blocks")}, {whole.Blocks.Aggregate(Int128.Zero, (sum, block) => sum + block.FileLength)} bytes",
        (14, { } whole) => Quantity.Count(whole.ProblemCount, "problem", "problems"),
        (16, { Journal: var (sequence, hash) }) => string.Create(CultureInfo.InvariantCulture, $"record {sequence}, {hash}"),
        (18, { } whole) => Quantity.Count(whole.Evidence.Count, "document", "documents"),
        _ => CborText.Of(field.Value, ValueCharactersMax),
    };
}
