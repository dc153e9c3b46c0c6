using AslRescue.Shared.Configuration;

namespace AslRescue.Backend.Access;

/// <summary>Roles as words.</summary>
internal static class Roles
{
    /// <summary>"intake", "read", "admin".</summary>
    internal static string Text(PeerRole role) => role switch
    {
        PeerRole.Intake => "intake",
        PeerRole.Read => "read",
        _ => "admin",
    };
}
