using System.Globalization;
using System.Text.Json;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;

namespace AslRescue.Tools.Output;

/// <summary>The labels of a device as JSON; docs/json-output.md lists the fields. Numbers that may need 64 bits are texts.</summary>
internal static class LabelOutput
{
    internal static void WriteJson(string path, DeviceLabels labels) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("device", path);
        writer.WriteNumber("bytes", labels.Bytes);
        writer.WriteBoolean("pastCache", labels.IsPastCache);
        WriteLabel(writer, labels.Label);
        writer.WritePropertyName("uberblock");
        WriteUberblock(writer, labels.Newest);
        writer.WriteStartArray("copies");
        foreach (var copy in labels.Copies)
        {
            WriteCopy(writer, copy, labels.Label);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>The word for what a copy is worth.</summary>
    internal static string Word(CopyState state) => state switch
    {
        CopyState.Blank => "blank",
        CopyState.Unreadable => "unreadable",
        CopyState.BadChecksum => "bad-checksum",
        CopyState.NotUsable => "not-usable",
        CopyState.Whole => "whole",
        _ => throw new InvalidOperationException(state.ToString()),
    };

    private static void WriteCopy(Utf8JsonWriter writer, LabelCopy copy, PoolLabel? counting)
    {
        writer.WriteStartObject();
        writer.WriteNumber("number", copy.Number);
        writer.WriteNumber("offset", copy.Offset);
        writer.WriteString("state", Word(copy.State));
        writer.WriteBoolean("counts", copy.State == CopyState.Whole && copy.Label!.Txg == counting?.Txg);
        writer.WriteString("cause", copy.Cause);
        WriteLabel(writer, copy.Label);
        writer.WriteStartArray("uberblocks");
        foreach (var uberblock in copy.Uberblocks)
        {
            WriteUberblock(writer, uberblock);
        }

        writer.WriteEndArray();
        writer.WriteNumber("damagedUberblocks", copy.DamagedUberblocks);
        writer.WriteEndObject();
    }

    private static void WriteLabel(Utf8JsonWriter writer, PoolLabel? label)
    {
        if (label is null)
        {
            writer.WriteNull("label");
            return;
        }

        writer.WriteStartObject("label");
        writer.WriteString("name", label.Name);
        writer.WriteString("guid", Text(label.PoolGuid));
        writer.WriteString("state", label.State.ToString().ToLowerInvariant());
        writer.WriteNumber("txg", label.Txg);
        writer.WriteString("hostId", label.HostId is { } host ? Text(host) : null);
        writer.WriteString("hostName", label.HostName);
        writer.WriteString("deviceGuid", Text(label.DeviceGuid));
        writer.WriteNumber("topLevels", label.TopLevels);
        WriteNumber(writer, "ashift", label.Ashift);
        writer.WriteBoolean("mayBeEncrypted", label.MayBeEncrypted);
        writer.WritePropertyName("tree");
        WritePart(writer, label.Tree);
        writer.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter writer, PoolPart part)
    {
        writer.WriteStartObject();
        writer.WriteString("type", part.Type);
        writer.WriteNumber("id", part.Id);
        writer.WriteString("guid", Text(part.Guid));
        writer.WriteNumber("parity", part.Parity);
        writer.WriteString("path", part.Path);
        writer.WriteStartArray("children");
        foreach (var child in part.Children)
        {
            WritePart(writer, child);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteUberblock(Utf8JsonWriter writer, Uberblock? uberblock)
    {
        if (uberblock is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        writer.WriteNumber("slot", uberblock.Slot);
        writer.WriteNumber("version", uberblock.Version);
        writer.WriteNumber("txg", uberblock.Txg);
        writer.WriteString("guidSum", Text(uberblock.GuidSum));
        writer.WriteNumber("timestamp", uberblock.Timestamp);
        if (uberblock.Multihost is { } multihost)
        {
            writer.WriteStartObject("multihost");
            writer.WriteBoolean("on", multihost.IsOn);
            writer.WriteNumber("delayNanoseconds", multihost.DelayNanoseconds);
            WriteNumber(writer, "intervalMilliseconds", multihost.IntervalMilliseconds);
            WriteNumber(writer, "sequence", multihost.Sequence);
            WriteNumber(writer, "failIntervals", multihost.FailIntervals);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("multihost");
        }

        writer.WriteEndObject();
    }

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteNumber(Utf8JsonWriter writer, string name, ulong? value)
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
}
