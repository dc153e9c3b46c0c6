using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Reads the peers of a federation.conf that is named by itself; its other keys are checked and left to whoever loads the whole configuration.</summary>
public static class FederationFile
{
    /// <summary>The peers, in order.</summary>
    /// <exception cref="AslException">The file cannot be read, or something in it is wrong; with file, line and column.</exception>
    public static IReadOnlyList<Peer> Read(string path)
    {
        List<Peer> peers = [];
        foreach (var entry in TomlReader.Read(ConfigurationText.ReadRequired(path), isLenient: false))
        {
            if (entry.Key == PeerReader.Key)
            {
                peers.AddRange(PeerReader.Read(entry));
            }
            else if (entry.Key != ConfigurationKeys.DomainId.Name && !entry.IsGroup)
            {
                throw ConfigurationErrors.UnknownKey(entry, NearestKey.Why(entry.Key, [PeerReader.Key, ConfigurationKeys.DomainId.Name]));
            }
        }

        return peers;
    }
}
