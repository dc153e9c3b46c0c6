using System.CommandLine;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Pools.Labels;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug labels: what the ZFS labels of a device say. Needs no ZFS, writes nothing.</summary>
internal static class LabelsVerb
{
    private static readonly Argument<string> Device = new("DEVICE") { Description = "a partition or disk, or a file that holds the image of one" };

    internal static Command Build()
    {
        var command = new Command("labels", "Shows the ZFS labels and uberblocks of a device, and which of them count. Ends with 1 where none does.") { Device };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var path = Path.GetFullPath(parsed.GetValue(Device)!);
        var opened = Machine.Open(CommonOptions.RootOf(parsed), TimeProvider.System).OpenDevice(path);
        using var device = opened.Device ?? throw new AslException(new AslError(ErrorCode.SourceMissing, "a device cannot be read")
        {
            Where = path,
            Why = opened.Cause,
            Fix = "name a device: lsblk lists them; run it as root",
        });
        var labels = DeviceLabels.Read(device, withUberblocks: true);
        if (parsed.GetValue(CommonOptions.Json))
        {
            LabelOutput.WriteJson(path, labels);
        }
        else
        {
            Console.Write(LabelText.Of(path, labels));
        }

        return labels.Label is null ? ExitCodes.Failed : ExitCodes.Done;
    }
}
