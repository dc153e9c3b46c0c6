namespace AslRescue.Shared.Configuration;

/// <summary>The files of /etc/asl, one layer of precedence together.</summary>
public enum ConfigurationFile
{
    /// <summary>asl.conf: mode selection, endpoints, sources.</summary>
    Asl,

    /// <summary>federation.conf: the domain and its peers.</summary>
    Federation,

    /// <summary>logging.conf: levels and sinks.</summary>
    Logging,
}
