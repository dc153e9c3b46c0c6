using AslRescue.Shared.Guard;
using AslRescue.Shared.Mounts;
using AslRescue.Shared.Processes;

namespace AslRescue.Shared.Tests.Guard;

public sealed class StorageReaderTests
{
    [Theory]
    [InlineData("BOOT_IMAGE=x archisobasedir=sysresccd archisolabel=RESCUE1200 quiet\n", "RESCUE1200")]
    [InlineData("archisodevice=/dev/disk/by-label/STICK", "STICK")]
    [InlineData("archisolabel= quiet", null)]
    [InlineData("root=/dev/sda1", null)]
    public void The_mediums_label_is_read_from_the_command_line(string commandLine, string? label) =>
        Assert.Equal(label, StorageReader.ReadMediumLabel(commandLine));

    [Fact]
    public async Task An_older_lsblk_is_asked_for_fewer_columns()
    {
        var tools = new OldLsblk();
        var storage = await new StorageReader(tools, new LivePaths(), "/nowhere").ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("/dev/sda", Assert.Single(storage.Devices!.Devices).Path);
        Assert.Equal(2, tools.Calls);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_machine_without_an_answer_of_lsblk_has_no_devices_and_a_cause(ToolOutcome outcome, string cause)
    {
        var storage = await new StorageReader(new OneAnswer(outcome), new LivePaths(), "/nowhere").ReadAsync(TestContext.Current.CancellationToken);
        Assert.Null(storage.Devices);
        Assert.Contains(cause, storage.DevicesCause, StringComparison.Ordinal);
    }

    public static TheoryData<ToolOutcome, string> Failures => new()
    {
        { new ToolOutcome.Missing(TimeSpan.Zero), "not installed" },
        { new ToolOutcome.TimedOut(TimeSpan.Zero), "did not end" },
        { new ToolOutcome.Refused("no", TimeSpan.Zero), "could not be run" },
        { new ToolOutcome.Ran(1, "", "boom", IsCut: false, TimeSpan.Zero), "boom" },
        { new ToolOutcome.Ran(0, "nonsense", "", IsCut: false, TimeSpan.Zero), "cannot be understood" },
    };

    [Fact]
    public void Commas_colons_and_backslashes_in_the_layers_of_an_overlay_are_no_separators()
    {
        var mount = Assert.Single(MountTable.Read(
            "1 0 0:1 / / rw - overlay o rw,lowerdir=/l\\0541:/l\\134:2::/data,upperdir=/u\\134\\134x,workdir=/w").Mounts);
        Assert.Equal(["/u\\x", "/l,1", "/l:2", "/data"], Overlay.Layers(mount, OverlayLayers.All));
        Assert.Equal(["/u\\x"], Overlay.Layers(mount, OverlayLayers.Written));
        var newer = Assert.Single(MountTable.Read("1 0 0:1 / / rw - overlay o rw,lowerdir+=/a:b,lowerdir+=/c,datadir+=/d").Mounts);
        Assert.Equal(["/a:b", "/c", "/d"], Overlay.Layers(newer, OverlayLayers.All));
    }

    private sealed class OneAnswer(ToolOutcome outcome) : IToolRunner
    {
        public ToolPlace Find(string program) => new(null);

        public Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken) => Task.FromResult(outcome);
    }

    private sealed class OldLsblk : IToolRunner
    {
        public int Calls { get; private set; }

        public ToolPlace Find(string program) => new(null);

        public Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken)
        {
            Calls++;
            return Task.FromResult<ToolOutcome>(command.Arguments.Any(argument => argument.Contains("PARTTYPENAME", StringComparison.Ordinal))
                ? new ToolOutcome.Ran(1, "", "lsblk: unknown column: MOUNTPOINTS,PARTTYPENAME", IsCut: false, TimeSpan.Zero)
                : new ToolOutcome.Ran(0, "{\"blockdevices\":[{\"name\":\"sda\",\"kname\":\"sda\"}]}", "", IsCut: false, TimeSpan.Zero));
        }
    }
}
