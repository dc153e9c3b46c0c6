namespace AslRescue.Shared.Configuration;

/// <summary>Reads the <c>[[peers]]</c> tables of federation.conf.</summary>
internal static class PeerReader
{
    public const string Key = "peers";

    public static IReadOnlyList<Peer> Read(RawEntry entry) => new TableListReader(Key, PeerKeys.All).Read<Peer>(entry, Make);

    private static Peer Make(TableValues table, IReadOnlyList<Peer> before)
    {
        const string what = "peer";
        var peer = new Peer(
            table.Required(PeerKeys.Id, what), table.Required(PeerKeys.Endpoint, what), table.Required(PeerKeys.Role, what),
            table.Required(PeerKeys.Trust, what), table.Required(PeerKeys.Keys, what), new ValueOrigin(OriginKind.File, table.Where))
        {
            Pin = table.OrNull(PeerKeys.Pin),
            Ca = table.OrNull(PeerKeys.Ca),
            Token = table.OrNull(PeerKeys.Token),
        };
        return before.FirstOrDefault(other => other.Id == peer.Id) is not { } first ? peer : throw ConfigurationErrors.Contradiction(
            $"{Key}.id", table.WhereOf(PeerKeys.Id), $"\"{peer.Id}\" is the peer at {first.Origin.Where} already", "remove one of the two tables");
    }
}
