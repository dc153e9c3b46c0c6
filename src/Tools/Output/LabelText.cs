using System.Globalization;
using System.Text;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>The labels of a device for people: what counts, then what each copy is worth.</summary>
internal static class LabelText
{
    internal static string Of(string path, DeviceLabels labels)
    {
        var text = new StringBuilder();
        Add(text, "device", $"{Printable.Text(path)}, {labels.Bytes} bytes, read {(labels.IsPastCache ? "past the page cache" : "through the page cache")}");
        if (labels.Label is { } label)
        {
            AddLabel(text, label);
        }
        else
        {
            Add(text, "label", labels.Copies.Count == 0 ? "none: smaller than four labels" : "none that counts");
        }

        if (labels.Newest is { } newest)
        {
            Add(text, "uberblock", $"txg {newest.Txg}, {Time(newest.Timestamp)}, slot {newest.Slot}");
            Add(text, "multihost", Multihost(newest.Multihost));
        }

        if (labels.Copies.Count > 0)
        {
            AddCopies(text, labels);
        }

        return text.ToString();
    }

    private static void AddLabel(StringBuilder text, PoolLabel label)
    {
        Add(text, "pool", label.PoolGuid == 0 ? "none" : $"{Printable.Text(label.Name)}, guid {label.PoolGuid}");
        Add(text, "state", $"{label.State.ToString().ToLowerInvariant()}, txg {label.Txg}");
        Add(text, "owner", $"{(label.HostName is { } name ? Printable.Text(name) : "(no name)")}, hostid {label.HostId?.ToString("x8", CultureInfo.InvariantCulture) ?? "(none)"}");
        Add(text, "parts", $"this device is in part {label.Tree.Id} of {label.TopLevels}" + (label.Ashift is { } ashift ? $", ashift {ashift}" : ""));
        if (label.MayBeEncrypted)
        {
            Add(text, "encryption", "datasets may be encrypted");
        }

        AddPart(text, label.Tree, label.DeviceGuid, 0);
    }

    private static void AddPart(StringBuilder text, PoolPart part, ulong device, int depth)
    {
        var mark = part.Guid == device ? "  (this one)" : "";
        var parity = part.Parity > 0 ? part.Parity.ToString(CultureInfo.InvariantCulture) : "";
        var path = part.Path is null ? "" : "  " + Printable.Text(part.Path);
        Add(text, "", $"{new string(' ', 2 * depth)}{Printable.Text(part.Type)}{parity} {part.Guid}{path}{mark}");
        foreach (var child in part.Children)
        {
            AddPart(text, child, device, depth + 1);
        }
    }

    private static void AddCopies(StringBuilder text, DeviceLabels labels)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{"copy",-6}{"offset",-16}{"state",-14}{"txg",-12}{"uberblocks",-12}{"damaged",-9}newest\n");
        foreach (var copy in labels.Copies)
        {
            var counts = copy.State == CopyState.Whole && copy.Label!.Txg == labels.Label!.Txg ? "counts" : LabelOutput.Word(copy.State);
            var txg = copy.Label?.Txg.ToString(CultureInfo.InvariantCulture) ?? "-";
            var newest = Uberblock.Newest(copy.Uberblocks)?.Txg.ToString(CultureInfo.InvariantCulture) ?? "-";
            text.Append(
                CultureInfo.InvariantCulture,
                $"{copy.Number,-6}{copy.Offset,-16}{counts,-14}{txg,-12}{copy.Uberblocks.Count,-12}{copy.DamagedUberblocks,-9}{newest}\n");
            if (copy.Cause is { } cause)
            {
                text.Append(CultureInfo.InvariantCulture, $"      {cause}\n");
            }
        }
    }

    private static string Multihost(MultihostState? state) => state switch
    {
        null => "not told",
        { IsOn: false } => "off",
        { IntervalMilliseconds: { } interval } => $"on, a write each {interval} ms, sequence {state.Sequence ?? 0}",
        _ => "on",
    };

    /// <summary>The label may say anything.</summary>
    private static string Time(ulong seconds) => seconds <= 253402300799
        ? DateTimeOffset.FromUnixTimeSeconds((long)seconds).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
        : $"@{seconds}";

    private static void Add(StringBuilder text, string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-12}{value}\n");
}
