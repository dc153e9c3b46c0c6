using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Sources;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Tests.Sources;

public sealed class SourceSurveyTests
{
    [Theory]
    [InlineData("rescue-console", "directory", "/mnt/asl/local")]
    [InlineData("desktop", "directory", "/mnt/backup/store")]
    [InlineData("without-tools", "zfs", "/mnt/asl/local")]
    public async Task A_recorded_machine_is_shown_as_in_its_golden_file(string name, string kind, string mount)
    {
        var text = SurveyText.Of(await TakeAsync(name, kind, mount));
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80 || line[12..].Trim().Contains(' ', StringComparison.Ordinal) == false, line));
        Golden.CompareNamed("sources-" + name, text);
    }

    [Fact]
    public async Task A_machine_without_lsblk_says_what_is_missing()
    {
        var error = (await Assert.ThrowsAsync<AslException>(() => TakeAsync("without-lsblk", "directory", "/mnt/asl/local"))).Error;
        Assert.Contains("lsblk is not installed", error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_store_is_compared_when_it_is_named()
    {
        var machine = Open("rescue-console");
        var survey = await SourceSurvey.TakeAsync(machine, new PreflightSettings(), "/mnt/asl/local/other", TestContext.Current.CancellationToken);
        Assert.Equal(("/mnt/asl/local/other", 80530636800L), (survey.Backend, survey.FreeBytes));
    }

    [Theory]
    [InlineData(100, 90, 100, "whole")]
    [InlineData(100, 90, 95, "files")]
    [InlineData(100, null, 95, "no")]
    [InlineData(100, 96, 95, "no")]
    [InlineData(null, null, 95, "unknown")]
    [InlineData(100, 90, null, "unknown")]
    public void What_fits_is_told_for_the_image_and_for_the_files(int? disk, int? used, int? free, string answer) =>
        Assert.Equal(answer, SpaceVerdict.Of(disk, used, free, "why").Answer);

    [Theory]
    [InlineData("{\"smart_status\": {\"passed\": true}}", 0, "passed", null)]
    [InlineData("{\"smart_status\": {\"passed\": true}}", 64, "passed", "logs")]
    [InlineData("{\"smart_status\": {\"passed\": true}}", 8, "failing", "fail soon")]
    [InlineData("{\"smart_status\": {\"passed\": false}}", 8, "failing", "fail soon")]
    [InlineData("{}", 0, "unknown", "nothing")]
    [InlineData("{\"smart_status\": 3}", 0, "unknown", "understood")]
    [InlineData("{\"smartctl\": {\"messages\": [{\"string\": \"no such type\"}]}}", 1, "unknown", "no such type")]
    [InlineData("{\"smartctl\": {\"messages\": [{}]}}", 1, "unknown", "nothing")]
    [InlineData("smartctl 6.6", 1, "unknown", "understood")]
    public void Smartctl_is_read_as_it_prints(string json, int exit, string state, string? cause)
    {
        var found = SmartState.Read(json, exit);
        Assert.Equal(state, found.State);
        Assert.Equal(cause is null, found.Cause is null);
        Assert.Contains(cause ?? "", found.Cause ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_point_with_blanks_is_read_from_df() =>
        Assert.Equal((1L, 2L), DiskSpace.Read("Used Avail Mounted on\n 1 2 /mnt/a b\n - - /proc\n")["/mnt/a b"]);

    [Fact]
    public async Task This_machine_is_surveyed_without_an_error()
    {
        var survey = await SourceSurvey.TakeAsync(
            Machine.Open("/", TimeProvider.System), new PreflightSettings(), "/tmp", TestContext.Current.CancellationToken);
        Assert.All(survey.Disks, disk => Assert.NotNull(disk.Space));
        Assert.All(SurveyText.Of(survey).Split('\n'), line => Assert.True(line.Length <= 80 || !line.Contains(' ', StringComparison.Ordinal) || line.Contains('/', StringComparison.Ordinal), line));
    }

    private static Task<SourceSurvey> TakeAsync(string name, string kind, string mount) => SourceSurvey.TakeAsync(
        Open(name),
        new PreflightSettings { LocalKind = new Setting<string>(kind, "test", true), LocalMount = new Setting<string>(mount, "test", true) },
        store: null, TestContext.Current.CancellationToken);

    private static Machine Open(string name) => Machine.Open(Path.Combine(Repository.Tests, "Sources", "machines", name), TimeProvider.System);
}
