using System.Globalization;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Sources;

/// <summary>A survey for a console of 80 columns: a block for each disk, what lies on it below.</summary>
public static class SurveyText
{
    private const int Column = 12;
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>The text.</summary>
    public static string Of(SourceSurvey survey)
    {
        var text = new TextLayout();
        foreach (var disk in survey.Disks)
        {
            Disk(text, survey, disk);
            text.Gap();
        }

        var free = survey.FreeBytes is { } bytes ? $"{Bytes(bytes)} free" : $"free space unknown: {survey.Cause}";
        text.Entry("compared", Column, $"with {survey.Backend}: {free}. A store compresses, so a disk takes what is named here or less.");
        return text.ToString();
    }

    private static void Disk(TextLayout text, SourceSurvey survey, SurveyedDevice disk)
    {
        text.Line(Printable.Text(Head(disk.Device)));
        Contents(text, disk, "");
        if (disk.Smart is { } smart)
        {
            text.Entry("  smart", Column, smart.State + (smart.Cause is { } cause ? $": {Printable.Text(cause)}" : ""));
        }

        var verdicts = disk.All.DistinctBy(device => device.Device.Path).ToList();
        foreach (var device in verdicts.Where(device => device == disk || device.Verdict.RuleWord != disk.Verdict.RuleWord))
        {
            text.Entry("  source", Column, Printable.Text(Source(device)));
        }

        foreach (var warning in disk.Verdict.Warnings)
        {
            text.Entry("  warning", Column, Printable.Text(warning));
        }

        text.Entry("  fits", Column, Fits(disk.Space!, survey));
    }

    private static string Head(BlockDevice disk) => string.Join(", ", new[]
    {
        $"{disk.Path}  {(disk.Bytes is { } bytes ? Bytes(bytes) : "size unknown")} {disk.Type}", disk.Transport, disk.Model,
        disk.Serial is { } serial ? $"serial {serial}" : null, disk.IsRemovable == true ? "removable" : null, disk.IsReadOnly == true ? "read-only" : null,
    }.Where(word => word is not null));

    private static void Contents(TextLayout text, SurveyedDevice device, string indent)
    {
        if (device.Device.FileSystem is not null || device.Children.Count == 0)
        {
            text.Entry("  holds", Column, Printable.Text($"{indent}{Content(device)}"));
        }

        foreach (var child in device.Children)
        {
            text.Entry("  has", Column, Printable.Text($"{child.Device.Path} {(child.Device.Bytes is { } bytes ? Bytes(bytes) : "")} {child.Device.Type}"));
            Contents(text, child, $"{child.Device.Path}: ");
        }
    }

    private static string Content(SurveyedDevice device)
    {
        var found = device.Device;
        var words = new[]
        {
            found.FileSystem ?? found.PartitionType ?? "nothing that lsblk recognises", found.Label is { } label ? $"'{label}'" : null,
            device.Encryption is { } encryption ? $"(encryption {encryption})" : null,
            device.UsedBytes is { } used ? $"{Bytes(used)} used" : null,
            found.MountPoints.Count > 0 ? $"at {string.Join(", ", found.MountPoints)}" : null,
        };
        return string.Join(' ', words.Where(word => word is not null));
    }

    private static string Source(SurveyedDevice device) => device.Verdict.IsAllowed
        ? $"yes: {device.Device.Path} may be read"
        : $"no: {device.Device.Path}: {device.Verdict.Why} (rule {device.Verdict.RuleWord})";

    private static string Fits(SpaceVerdict space, SourceSurvey survey)
    {
        var disk = space.DiskBytes is { } all ? $"{Bytes(all)} in all" : "size unknown";
        var used = space.UsedBytes is { } files ? $", {Bytes(files)} in files" : "";
        return space.Answer switch
        {
            "whole" => $"yes, as an image too: {disk}{used}, {Bytes(space.FreeBytes!.Value)} free",
            "files" => $"its files do, an image may not: {disk}{used}, {Bytes(space.FreeBytes!.Value)} free",
            "no" => $"no, unless it compresses well: {disk}{used}, {Bytes(space.FreeBytes!.Value)} free",
            _ => $"unknown: {disk}{used}; {space.Cause ?? survey.Cause}",
        };
    }

    /// <summary>Decimal units, three digits.</summary>
    private static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:G3} {Units[unit]}");
    }
}
