using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Tools.Output;

/// <summary>Snapshots as text and JSON.</summary>
internal static class SnapshotOutput
{
    /// <summary>The list of problems, in walk order.</summary>
    internal static IReadOnlyList<Problem> ReadProblems(ArtifactStore store, Snapshot snapshot)
    {
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        return [.. new TreeReader(artifacts).Problems(snapshot.Problems)];
    }

    /// <summary>ISO 8601 with all nine digits; years that .NET cannot hold as seconds.</summary>
    internal static string Time(FileTime time)
    {
        const long yearOne = -62135596800;
        const long yearTenThousand = 253402300800;
        return time.Seconds is >= yearOne and < yearTenThousand
            ? string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(time.Seconds):yyyy-MM-dd'T'HH:mm:ss}.{time.Nanoseconds:D9}Z")
            : string.Create(CultureInfo.InvariantCulture, $"@{time.Seconds}.{time.Nanoseconds:D9}");
    }

    internal static void WriteJson(Utf8JsonWriter writer, Digest name, Snapshot snapshot)
    {
        writer.WriteStartObject();
        WriteFields(writer, name, snapshot);
        writer.WriteEndObject();
    }

    internal static void WriteFields(Utf8JsonWriter writer, Digest name, Snapshot snapshot)
    {
        writer.WriteString("snapshot", name.ToString());
        writer.WriteString("root", snapshot.Root.ToString());
        writer.WriteString("domain", snapshot.Domain);
        writer.WriteString("run", snapshot.Run);
        writer.WriteString("started", Time(snapshot.Started));
        writer.WriteString("created", Time(snapshot.Created));
        writer.WriteStartArray("sources");
        var writes = SnapshotDisks.Writes(snapshot);
        foreach (var source in snapshot.Sources)
        {
            writer.WriteStartObject();
            writer.WriteRaw("path", source.Path);
            writer.WriteString("parent", source.Parent?.ToString());
            writer.WriteBoolean("wasWritten", source.Image is { WasWritten: true } || SnapshotDisks.Below(source, writes).Count > 0);
            if (source.Image is { } image)
            {
                ImageOutput.WriteJson(writer, image);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteCounts(writer, snapshot.Counts);
        writer.WriteNumber("problems", snapshot.ProblemCount);
        writer.WriteStartObject("case");
        writer.WriteString("case", snapshot.Case.Case);
        writer.WriteString("examiner", snapshot.Case.Examiner);
        writer.WriteString("note", snapshot.Case.Note);
        writer.WriteEndObject();
        writer.WriteStartObject("origin");
        writer.WriteString("host", snapshot.Origin.Host);
        writer.WriteString("boot", snapshot.Origin.Boot);
        writer.WriteString("program", snapshot.Origin.Program);
        writer.WriteString("compressor", snapshot.Origin.Compressor);
        writer.WriteEndObject();
        WriteNames(writer, "blocks", snapshot.Blocks.Select(block => block.Name));
        WriteNames(writer, "segments", snapshot.Groups.SelectMany(group => group.Segments).Select(segment => segment.Name));
    }

    internal static void WriteText(Digest name, Snapshot snapshot)
    {
        var (counts, writes) = (snapshot.Counts, SnapshotDisks.Writes(snapshot));
        Line("snapshot", name.ToString());
        Line("root", snapshot.Root.ToString());
        Line("domain", snapshot.Domain);
        Line("run", snapshot.Run);
        Line("started", Time(snapshot.Started));
        Line("created", Time(snapshot.Created));
        foreach (var source in snapshot.Sources)
        {
            Line("source", Printable.Bytes(source.Path) + (source.Parent is { } parent ? $"  (incremental to {parent.Short})" : ""));
            if (source.Image is { } image)
            {
                ImageOutput.Lines(image).ForEach(line => Line(line.Label, line.Value));
            }

            foreach (var write in SnapshotDisks.Below(source, writes))
            {
                Line("written", string.Create(CultureInfo.InvariantCulture, $"{write.Sectors} sectors on the disk below it, {write.Before.Name}, while it was read"));
            }
        }

        Line("case", snapshot.Case.Case);
        Line("examiner", snapshot.Case.Examiner);
        Line("note", snapshot.Case.Note);
        Line("entries", $"{Quantity.Count(counts.Entries, "entry", "entries")}, {Quantity.Count(counts.Files, "file", "files")} of {Quantity.Bytes(counts.SourceBytes)}");
        Line("read", $"{Quantity.Bytes(counts.ReadBytes)}, {Quantity.Count(counts.UnchangedFiles, "file", "files")} unchanged");
        Line("added", $"{Quantity.Bytes(counts.AddedStoredBytes)} in {Quantity.Count(snapshot.Blocks.Count, "block", "blocks")}, {Quantity.Count(counts.AddedArtifacts, "artifact", "artifacts")}");
        Line("problems", snapshot.ProblemCount == 0 ? "none" : $"{snapshot.ProblemCount} (--problems lists them)");
        Line("made by", $"{snapshot.Origin.Program} with {snapshot.Origin.Compressor} on {snapshot.Origin.Host}");
    }

    private static void Line(string label, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            Console.WriteLine($"{label,-10}{Printable.Text(value)}");
        }
    }

    private static void WriteCounts(Utf8JsonWriter writer, SnapshotCounts counts)
    {
        writer.WriteStartObject("counts");
        writer.WriteNumber("entries", counts.Entries);
        writer.WriteNumber("files", counts.Files);
        writer.WriteNumber("directories", counts.Directories);
        writer.WriteNumber("sourceBytes", counts.SourceBytes);
        writer.WriteNumber("readBytes", counts.ReadBytes);
        writer.WriteNumber("unchangedFiles", counts.UnchangedFiles);
        writer.WriteNumber("addedArtifacts", counts.AddedArtifacts);
        writer.WriteNumber("addedRawBytes", counts.AddedRawBytes);
        writer.WriteNumber("addedStoredBytes", counts.AddedStoredBytes);
        writer.WriteNumber("badBytes", counts.BadBytes);
        writer.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter writer, string label, IEnumerable<Digest> names)
    {
        writer.WriteTexts(label, names.Select(name => name.ToString()));
    }
}
