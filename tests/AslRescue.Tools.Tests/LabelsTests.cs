using System.IO.Compression;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>asl-debug labels, on the labels of a real device that were recorded: golden/labels.txt.</summary>
public sealed class LabelsTests : IDisposable
{
    private const int LabelBytes = 256 * 1024;
    private const long DeviceBytes = 64 << 20;
    private readonly Scratch _scratch = new();

    public LabelsTests()
    {
        using var recording = File.OpenRead(Checkout.PathOf("tests/AslRescue.Preflight.Tests/recordings/labels-2.1.11-mirror-1.gz"));
        using var unpacked = new GZipStream(recording, CompressionMode.Decompress);
        using var device = File.Create(Device);
        device.SetLength(DeviceBytes);
        var label = new byte[LabelBytes];
        foreach (var place in (long[])[0, LabelBytes, DeviceBytes - (2 * LabelBytes), DeviceBytes - LabelBytes])
        {
            unpacked.ReadExactly(label);
            device.Position = place;
            device.Write(label);
        }
    }

    private string Device => _scratch.PathOf("device");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Labels_are_shown_with_what_each_copy_is_worth()
    {
        Overwrite(LabelBytes + (128 * 1024) - 32, 8);
        Overwrite(DeviceBytes - LabelBytes, LabelBytes);

        var shown = _scratch.Debug("labels", Device).EndsWith(0);

        Golden.Equal("labels", _scratch.WithPlaceholders(shown.Output.Replace("through the page cache", "past the page cache", StringComparison.Ordinal)));
    }

    [Fact]
    public void As_json_all_uberblocks_are_there()
    {
        var labels = _scratch.Debug("labels", Device, "--json").EndsWith(0).Json();

        Assert.Equal("ztest", labels.GetProperty("label").GetProperty("name").GetString());
        Assert.True(labels.GetProperty("copies")[3].GetProperty("uberblocks").GetArrayLength() > 5);
        JsonOutputTests.AssertFields("labels", labels);
        JsonOutputTests.AssertFields("pool-label", labels.GetProperty("label"));
        JsonOutputTests.AssertFields("pool-part", labels.GetProperty("label").GetProperty("tree"));
        JsonOutputTests.AssertFields("label-copy", labels.GetProperty("copies")[0]);
        JsonOutputTests.AssertFields("uberblock", labels.GetProperty("uberblock"));
        JsonOutputTests.AssertFields("multihost", labels.GetProperty("uberblock").GetProperty("multihost"));
    }

    [Fact]
    public void A_device_without_labels_ends_with_1_and_one_that_is_not_there_with_an_error()
    {
        Overwrite(0, 2 * LabelBytes);
        Overwrite(DeviceBytes - (2 * LabelBytes), 2 * LabelBytes);

        Assert.Contains("none that counts", _scratch.Debug("labels", Device).EndsWith(ExitCodes.Failed).Output, StringComparison.Ordinal);
        Assert.Contains("ASL3001", _scratch.Debug("labels", _scratch.PathOf("nothing")).EndsWith(ExitCodes.SourceUnusable).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_device_is_not_changed()
    {
        var before = File.ReadAllBytes(Device);
        File.SetUnixFileMode(Device, UnixFileMode.UserRead);

        _scratch.Debug("labels", Device).EndsWith(0);

        Assert.Equal(before, File.ReadAllBytes(Device));
    }

    private void Overwrite(long place, int bytes)
    {
        using var device = File.OpenWrite(Device);
        device.Position = place;
        device.Write(new byte[bytes]);
    }
}
