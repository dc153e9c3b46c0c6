using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class FederationTests
{
    private const string Key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    private const string TwoPeers =
        $"""
        domain.id = "north"

        [[peers]]
        id = "south"
        endpoint = "https://south:8443/asl"
        role = "admin"
        trust = true
        keys = ["{Key}"]

        [[peers]]
        id = "west"
        endpoint = "https://west"
        """;

    [Fact]
    public void Peers_are_read_in_order_with_defaults()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.FederationConf, TwoPeers);
        var (south, west) = (machine.Load().Peers[0], machine.Load().Peers[1]);
        Assert.Equal(("south", "https://south:8443/asl", PeerRole.Admin, true), (south.Id, south.Endpoint.OriginalString, south.Role, south.IsTrusted));
        Assert.Equal(Convert.FromBase64String(Key), Assert.Single(south.Keys));
        Assert.Equal("/etc/asl/federation.conf:3:3", machine.Shown(south.Origin.Where));
        Assert.Equal(("west", PeerRole.Read, false), (west.Id, west.Role, west.IsTrusted));
        Assert.Empty(west.Keys);
        Assert.Equal(2, machine.Load().Peers.Count);
    }

    [Fact]
    public void A_list_of_inline_tables_says_the_same()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.FederationConf, """peers = [{ id = "a", endpoint = "https://a" }]""");
        Assert.Equal("a", Assert.Single(machine.Load().Peers).Id);
    }

    [Fact]
    public void The_domain_may_stand_in_either_file()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.FederationConf, TwoPeers);
        Assert.Equal("north", machine.Load().DomainId);
        machine.And(ConfiguredMachine.AslConf, "domain.id = north\n");
        Assert.Equal("north", machine.Load().DomainId);
    }

    [Fact]
    public void Two_domains_are_a_conflict_which_no_higher_origin_hides()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.FederationConf, TwoPeers)
            .And(ConfiguredMachine.AslConf, "domain.id = rescue-domain\n");
        const string Conflict =
            """
            error ASL1006: two files state different values for domain.id
              where: /etc/asl/federation.conf:1:1
              why:   it says "north"; /etc/asl/asl.conf:1:1 says "rescue-domain"
              fix:   asl.conf rules: state the same in both, or remove domain.id here
            """;
        Assert.Equal(Conflict, machine.ErrorOf());
        Assert.Equal(Conflict, machine.ErrorOf(("domain.id", "north")));
    }

    [Theory]
    [InlineData("[[peers]]\nid = \"a\"\nendpoint = \"https://a\"\ntrsut = true\n", "ASL1003: unknown key peers.trsut", 4, 1, "the nearest key is trust")]
    [InlineData("[[peers]]\nendpoint = \"https://a\"\n", "ASL1005: peers has a value that cannot work", 1, 3, "the peer has no id")]
    [InlineData("[[peers]]\nid = \"a\"\n", "ASL1005: peers has a value that cannot work", 1, 3, "the peer has no endpoint")]
    [InlineData(
        "[[peers]]\nid = \"a\"\nendpoint = \"http://a\"\n", "ASL1005: peers.endpoint has a value that cannot work", 3, 12,
        "\"http://a\" is not encrypted: anybody on the way could read what is rescued and answer in the server's place")]
    [InlineData(
        "[[peers]]\nid = \"a\"\nendpoint = \"https://a\"\nkeys = [\"AAAA\"]\n", "ASL1005: peers.keys has a value that cannot work", 4, 9,
        "\"AAAA\" is not an Ed25519 public key (32 bytes in base64)")]
    [InlineData(
        "[[peers]]\nid = \"a\"\nendpoint = \"https://a\"\n[[peers]]\nid = \"a\"\nendpoint = \"https://b\"\n",
        "ASL1005: peers.id has a value that cannot work", 5, 1, "\"a\" is the peer at /etc/asl/federation.conf:1:3 already")]
    [InlineData("[[peers]]\nid = \"a\"\nid = \"b\"\n", "ASL1002: id is stated twice", 3, 1, "it stands at /etc/asl/federation.conf:2:1 already")]
    [InlineData("peers = 1\n", "ASL1004: peers has a value of the wrong type", 1, 9, "it is a whole number (\"1\"); the key takes tables, each under a head [[peers]]")]
    [InlineData(
        "[peers]\nid = \"a\"\n", "ASL1004: peers has a value of the wrong type", 1, 2,
        "it is a table; the key takes tables, each under a head [[peers]]")]
    [InlineData("[[peer]]\nid = \"a\"\n", "ASL1003: unknown key peer", 1, 3, "the nearest key is peers")]
    [InlineData("mode = \"auto\"\n", "ASL1003: unknown key mode", 1, 1, "it belongs in asl.conf, as mode")]
    public void What_is_wrong_with_a_peer_is_told_with_its_place(string text, string what, int line, int column, string why)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.FederationConf, text);
        var shown = machine.ErrorOf();
        Assert.StartsWith($"error {what}\n  where: /etc/asl/federation.conf:{line}:{column}\n  why:   {why}\n", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConfiguredMachine.Yaml, """{"asl": {"peers": [{"id": "x"}]}}""")]
    [InlineData(ConfiguredMachine.CommandLine, "asl.peers=x")]
    [InlineData(ConfiguredMachine.AslConf, "[[peers]]\nid = x\n")]
    public void Only_federation_conf_can_name_peers(string path, string text)
    {
        using var machine = ConfiguredMachine.With(path, text);
        Assert.Equal(Shared.Errors.ErrorCode.ConfigUnknownKey, machine.Failure().Code);
    }
}
