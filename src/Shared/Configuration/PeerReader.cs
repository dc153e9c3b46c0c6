using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Reads the <c>[[peers]]</c> tables of federation.conf.</summary>
internal static class PeerReader
{
    public const string Key = "peers";

    public static IReadOnlyList<Peer> Read(RawEntry entry)
    {
        if (entry.Value.Kind != RawKind.List)
        {
            throw Failed(Key, ValueProblem.WrongType(entry.Value, "tables, each under a head [[peers]]"), "[[peers]]");
        }

        var peers = new List<Peer>();
        foreach (var table in entry.Value.Items)
        {
            peers.Add(ReadPeer(table, peers));
        }

        return peers;
    }

    private static Peer ReadPeer(RawValue table, List<Peer> before)
    {
        if (table.Kind != RawKind.Table)
        {
            throw Failed(Key, ValueProblem.WrongType(table, "tables, each under a head [[peers]]"), "[[peers]]");
        }

        var origin = new ValueOrigin(OriginKind.File, table.Where);
        var values = PeerKeys.All.ToDictionary(key => key.Name, key => key.Default());
        foreach (var entry in table.Entries)
        {
            var key = KeyOf(entry);
            values[key.Name] = ReadValue(key, entry);
        }

        var peer = new Peer(
            Required(values, PeerKeys.Id, table), Required(values, PeerKeys.Endpoint, table), Required(values, PeerKeys.Role, table),
            Required(values, PeerKeys.Trust, table), Required(values, PeerKeys.Keys, table), origin);
        RefuseSecond(peer, values[PeerKeys.Id.Name].Origin.Where, before);
        return peer;
    }

    private static KeyDefinition KeyOf(RawEntry entry) =>
        PeerKeys.All.FirstOrDefault(key => key.Name == entry.Key)
        ?? throw ConfigurationErrors.UnknownKey(
            entry with { Key = $"{Key}.{entry.Key}" }, NearestKey.Why(entry.Key, PeerKeys.All.Select(key => key.Name)));

    private static ConfigurationValue ReadValue(KeyDefinition key, RawEntry entry)
    {
        var reading = key.Read(entry.Value, new ValueOrigin(OriginKind.File, entry.Where));
        return reading.Problem is null ? reading.Value! : throw Failed($"{Key}.{key.Name}", reading.Problem, Form(key));
    }

    private static T Required<T>(Dictionary<string, ConfigurationValue> values, KeyDefinition<T> key, RawValue table) where T : notnull
    {
        var value = (ConfigurationValue<T>)values[key.Name];
        return value.HasValue ? value.Value : throw ConfigurationErrors.Contradiction(
            Key, table.Where, $"the peer has no {key.Name}", $"write in its table: {Form(key)}");
    }

    private static void RefuseSecond(Peer peer, string where, List<Peer> before)
    {
        if (before.Find(other => other.Id == peer.Id) is { } first)
        {
            throw ConfigurationErrors.Contradiction(
                $"{Key}.id", where, $"\"{peer.Id}\" is the peer at {first.Origin.Where} already", "remove one of the two tables");
        }
    }

    private static string Form(KeyDefinition key) => $"{key.Name} = {key.Example}";

    private static AslException Failed(string key, ValueProblem problem, string form) => ConfigurationErrors.Value(key, problem, form);
}
