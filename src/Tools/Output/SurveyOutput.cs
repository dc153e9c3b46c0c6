using System.Text.Json;
using AslRescue.Preflight.Sources;

namespace AslRescue.Tools.Output;

/// <summary>A survey of sources as JSON; docs/json-output.md lists the fields.</summary>
internal static class SurveyOutput
{
    internal static void WriteJson(SourceSurvey survey) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("backend", survey.Backend);
        WriteNumber(writer, "freeBytes", survey.FreeBytes);
        writer.WriteString("cause", survey.Cause);
        WriteAll(writer, "devices", survey.Disks);
        writer.WriteEndObject();
    });

    private static void WriteAll(Utf8JsonWriter writer, string name, IReadOnlyList<SurveyedDevice> devices)
    {
        writer.WriteStartArray(name);
        foreach (var device in devices)
        {
            writer.WriteStartObject();
            WriteDevice(writer, device);
            WriteVerdict(writer, device);
            WriteAll(writer, "children", device.Children);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDevice(Utf8JsonWriter writer, SurveyedDevice surveyed)
    {
        var device = surveyed.Device;
        writer.WriteString("path", device.Path);
        writer.WriteString("type", device.Type);
        WriteNumber(writer, "bytes", device.Bytes);
        writer.WriteString("transport", device.Transport);
        writer.WriteString("model", device.Model);
        writer.WriteString("serial", device.Serial);
        WriteFlag(writer, "removable", device.IsRemovable);
        WriteFlag(writer, "readOnly", device.IsReadOnly);
        writer.WriteString("fileSystem", device.FileSystem);
        writer.WriteString("label", device.Label);
        writer.WriteString("uuid", device.Uuid);
        writer.WriteString("encryption", surveyed.Encryption);
        writer.WriteString("partitionType", device.PartitionType);
        writer.WriteTexts("mountPoints", device.MountPoints);
        WriteNumber(writer, "usedBytes", surveyed.UsedBytes);
    }

    private static void WriteVerdict(Utf8JsonWriter writer, SurveyedDevice surveyed)
    {
        if (surveyed is { Smart: { } smart })
        {
            writer.WriteStartObject("smart");
            writer.WriteString("state", smart.State);
            writer.WriteString("cause", smart.Cause);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("source");
        writer.WriteBoolean("allowed", surveyed.Verdict.IsAllowed);
        writer.WriteString("rule", surveyed.Verdict.RuleWord);
        writer.WriteString("why", surveyed.Verdict.Why);
        writer.WriteTexts("warnings", surveyed.Verdict.Warnings);
        writer.WriteEndObject();
        if (surveyed is { Space: { } space })
        {
            writer.WriteStartObject("fits");
            writer.WriteString("answer", space.Answer);
            WriteNumber(writer, "diskBytes", space.DiskBytes);
            WriteNumber(writer, "usedBytes", space.UsedBytes);
            WriteNumber(writer, "freeBytes", space.FreeBytes);
            writer.WriteString("cause", space.Cause);
            writer.WriteEndObject();
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteFlag(Utf8JsonWriter writer, string name, bool? value)
    {
        if (value is { } flag)
        {
            writer.WriteBoolean(name, flag);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
