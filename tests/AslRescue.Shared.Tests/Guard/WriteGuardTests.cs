using AslRescue.Shared.Contracts;
using AslRescue.Shared.Devices;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Mounts;
using AslRescue.Testing;

namespace AslRescue.Shared.Tests.Guard;

public sealed class WriteGuardTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    [Fact]
    public void What_may_be_written_to_is_what_the_overlays_contract_says()
    {
        var rows = OverlayContract.Load(RepositoryRoot.PathOf("rules/overlay.toml")).Rows
            .Where(row => row.Class is OverlayClass.State or OverlayClass.Runtime or OverlayClass.Mount).ToList();
        Assert.Subset(rows.Select(row => row.Path).ToHashSet(), WriteGuard.ContractPlaces.ToHashSet());
        var leaves = rows.Where(row => !rows.Any(other => other.Path.StartsWith(row.Path + "/", StringComparison.Ordinal)));
        Assert.All(leaves, row => Assert.Contains(WriteGuard.ContractPlaces, place => MountTable.IsAtOrBelow(row.Path, place)));
    }

    [Fact]
    public void A_place_that_the_contract_does_not_list_is_refused()
    {
        WriteRoot[] roots = [new(ProtectedPlace.Written("the state of intake", On("srv/asl")), _root.Path)];
        Assert.Equal(ErrorCode.WriteRefused, Assert.Throws<AslException>(() => WriteGuard.CheckLinks(roots, new LivePaths())).Error.Code);
    }

    [Theory]
    [InlineData("var/lib/asl", "elsewhere")]
    [InlineData("var/lib", "elsewhere")]
    [InlineData("var", "elsewhere")]
    public void A_link_anywhere_on_the_way_is_refused(string link, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(On(link))!);
        Directory.CreateDirectory(On(target));
        File.CreateSymbolicLink(On(link), On(target));
        var error = Assert.Throws<AslException>(Check).Error;
        Assert.Equal((ErrorCode.WriteRefused, 16), (error.Code, ExitCodes.For(error.Code)));
        Assert.Contains(On(target), error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_that_is_a_link_itself_is_the_operators_own()
    {
        Directory.CreateDirectory(On("real/var/lib/asl"));
        File.CreateSymbolicLink(On("root"), On("real"));
        WriteGuard.CheckLinks([new(ProtectedPlace.Written("state", On("root/var/lib/asl")), On("root"))], new LivePaths());
    }

    [Fact]
    public void A_place_that_a_person_named_may_be_a_link()
    {
        File.CreateSymbolicLink(On("state"), On("elsewhere"));
        WriteGuard.CheckLinks([new(ProtectedPlace.Written("state", On("state")), null)], new LivePaths());
    }

    [Theory]
    [InlineData("plain/x", "plain/x")]
    [InlineData("link/x/y", "plain/x/y")]
    [InlineData("relative/../x", "x")]
    [InlineData("chain", "plain/inner")]
    [InlineData("up", "x")]
    public void Links_are_followed_as_the_kernel_does(string path, string expected)
    {
        Directory.CreateDirectory(On("plain/inner"));
        File.CreateSymbolicLink(On("link"), On("plain"));
        File.CreateSymbolicLink(On("relative"), "./plain/inner");
        File.CreateSymbolicLink(On("chain"), "relative");
        File.CreateSymbolicLink(On("up"), "relative/../../x");
        Assert.Equal(LivePaths.RealPath(On(expected)), LivePaths.RealPath(On(path)));
    }

    [Fact]
    public void A_ring_of_links_ends()
    {
        File.CreateSymbolicLink(On("a"), "b");
        File.CreateSymbolicLink(On("b"), "a");
        Assert.StartsWith(LivePaths.RealPath(_root.Path), LivePaths.RealPath(On("a")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mnt/asl/local/x", "it lies in the store")]
    [InlineData("/run/archiso/bootmnt/x", "rescue medium")]
    [InlineData("/mnt/crashed/x", "it leads onto the source /mnt/crashed")]
    [InlineData("/mnt/other/x", null)]
    public async Task A_restore_target_lies_in_no_store_no_source_and_not_on_the_medium(string target, string? why)
    {
        var machine = await GuardMachine.OpenAsync("systemrescue");
        ProtectedPlace[] places = [ProtectedPlace.Written("the store", "/mnt/asl/local")];
        var found = Record.Exception(() => WriteGuard.CheckTarget(target, places, machine.Storage, ["/mnt/crashed"])) as AslException;
        Assert.Equal(why is null, found is null);
        Assert.Contains(why ?? "", found?.Error.Why ?? "", StringComparison.Ordinal);
        Assert.Equal(why is null ? null : ErrorCode.TargetRefused, found?.Error.Code);
    }

    [Fact]
    public async Task A_target_on_the_disk_of_a_source_is_refused()
    {
        var machine = await GuardMachine.OpenAsync("systemrescue");
        var error = Assert.Throws<AslException>(() => WriteGuard.CheckTarget("/mnt/crashed/x", [], machine.Storage, ["/dev/sda"])).Error;
        Assert.Contains("/dev/sda → /dev/sda1 → /mnt/crashed", error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_on_the_medium_is_refused()
    {
        var machine = await GuardMachine.OpenAsync("systemrescue");
        WriteRoot[] roots = [new(ProtectedPlace.Written("the store", "/run/archiso/bootmnt/store"), null)];
        var error = Assert.Throws<AslException>(() => WriteGuard.CheckPlaces(roots, machine.Storage, [], GuardCaller.ByHand)).Error;
        Assert.Contains("/dev/sdb1 → /run/archiso/bootmnt", error.Why, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private void Check() =>
        WriteGuard.CheckLinks([new(ProtectedPlace.Written("the state of intake", On("var/lib/asl")), _root.Path)], new LivePaths());

    private string On(string path) => Path.Combine(_root.Path, path);

    [Fact]
    public void Intakes_unit_may_write_to_what_the_guard_lets_it_write_to_and_no_unit_to_more()
    {
        var contract = OverlayContract.Load(RepositoryRoot.PathOf("rules/overlay.toml"));
        Assert.All(contract.Units.SelectMany(unit => unit.Writes), path => Assert.Contains(path, WriteGuard.ContractPlaces));
        Assert.Equal(WriteGuard.ContractPlaces.Where(place => place != "/mnt/asl/remote").Order(), contract.Units.Single(unit => unit.Name == "asl-intake.service").Writes.Order());
    }
}
