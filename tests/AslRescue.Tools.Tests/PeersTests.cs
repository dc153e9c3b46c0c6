using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store.Faults;
using AslRescue.Store.Logs;
using AslRescue.Testing;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools.Tests;

/// <summary>How the log of a peer's domain there is held against the one here.</summary>
public sealed class PeersTests
{
    private static readonly Peer Theirs = new("theirs", new Uri("https://theirs.example"), PeerRole.Read, IsTrusted: true, [], new ValueOrigin(OriginKind.Default, "test"));

    [Theory]
    [InlineData("", "", "0 seals, none behind")]
    [InlineData("ab", "ab", "2 seals, none behind")]
    [InlineData("abc", "a", "2 of 3 seals behind")]
    [InlineData("a", "abc", "1 seal, none behind; 2 of ours it does not have")]
    [InlineData("ab", "ax", "the logs differ")]
    [InlineData("abc", "ax", "the logs differ")]
    [InlineData("ab", "xbc", "the logs differ")]
    public void What_is_said_of_two_logs(string there, string here, string says)
    {
        using var theirs = Log(there);
        using var ours = Log(here);
        var state = PeersVerb.Compare(Theirs, theirs, ours, there.Length);
        Assert.Contains(says, PeersVerb.Describe(state), StringComparison.Ordinal);
        Assert.Equal(says == "the logs differ", state.Differ);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damage_in_our_own_store_is_ours_and_not_a_peer_that_cannot_be_reached(int failAt)
    {
        using var theirs = Log("ab");
        using var ours = Log("ab");
        using var damaged = new FaultyBackend(ours, failAt);

        var state = PeersVerb.Compare(Theirs, theirs, damaged, 2);

        Assert.True(damaged.HasFailed);
        Assert.Null(state.Problem);
        Assert.NotNull(state.OurProblem);
        Assert.Equal((2, false), (state.Theirs, state.Differ));
        Assert.StartsWith("reachable, 2 seals; our own store is damaged: ", PeersVerb.Describe(state), StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_in_the_peers_store_is_the_peers()
    {
        using var theirs = Log("ab");
        using var ours = Log("ab");
        using var damaged = new FaultyBackend(theirs, failAt: 1);
        Assert.Throws<AslException>(() => PeersVerb.Compare(Theirs, damaged, ours, 2));
    }

    private static MemoryBackend Log(string snapshots)
    {
        var backend = new MemoryBackend();
        foreach (var letter in snapshots)
        {
            new SealLog(backend, "theirs").Append(Digest.Of([(byte)letter]), "run", DateTimeOffset.UnixEpoch);
        }

        return backend;
    }
}
