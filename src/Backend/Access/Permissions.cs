using AslRescue.Backend.Objects;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Access;

/// <summary>What a caller may do with an object (docs/backend-protocol.md, Roles).</summary>
internal sealed class Permissions(DomainObjects domains)
{
    /// <summary>Null when the caller may read it, which is also said of what does not exist.</summary>
    internal AslError? WhyNotRead(Client caller, ObjectPath path, Digest? below)
    {
        if (below is { } snapshot && (domains.DomainOf(snapshot) is not { } domain || !caller.MayUse(domain) || !IsBelow(domains.Closure(snapshot), snapshot, path)))
        {
            return Forbidden(caller, $"snapshot {snapshot.Short}… does not pin {path.Name}");
        }

        return caller.Domains.Contains(Client.AnyDomain) || IsInDomains(caller, path) ? null
            : Forbidden(caller, $"{path.Name} belongs to no domain of this client ({string.Join(", ", caller.Domains)})");
    }

    /// <summary>Null when the caller may create it.</summary>
    internal AslError? WhyNotCreate(Client caller, ObjectPath path, string? domain) => caller.Role switch
    {
        PeerRole.Read => Forbidden(caller, "the role read creates nothing"),
        PeerRole.Intake when path.Kind == ObjectKind.Format => Forbidden(caller, "only the role admin creates format.toml"),
        _ when domain is null => Forbidden(caller, $"for which domain? this client has {string.Join(", ", caller.Domains)}: say so in the header Asl-Domain"),
        _ when !caller.MayUse(domain) || (path.Domain is { } of && of != domain) =>
            Forbidden(caller, $"{path.Domain ?? domain} is no domain of this client ({string.Join(", ", caller.Domains)})"),
        _ => null,
    };

    /// <summary>Null when the caller may see what lies in a folder of a domain's logs.</summary>
    internal static AslError? WhyNotList(Client caller, string folder) =>
        folder.Split('/') is ["logs", var domain, ..] && !caller.MayUse(domain) ? Forbidden(caller, $"{domain} is no domain of this client") : null;

    /// <summary>The domain that a caller creates for.</summary>
    internal static string? DomainOf(Client caller, ObjectPath? path, string? said) =>
        said ?? path?.Domain ?? (caller.Domains is [not Client.AnyDomain and var only] ? only : null);

    internal static AslError Forbidden(Client caller, string why) => new(ErrorCode.RemoteForbidden, "this client may not do that")
    {
        Why = why,
        Fix = $"ask whoever runs the server what client {caller.Name} may do",
    };

    private bool IsInDomains(Client caller, ObjectPath path) => path.Kind switch
    {
        ObjectKind.Format => true,
        ObjectKind.Block or ObjectKind.Segment => !domains.Exists(path.Name) || caller.Domains.Any(domain => domains.MayName(domain, path.Digest)),
        ObjectKind.Snapshot or ObjectKind.Signature => domains.DomainOf(path.Digest) is not { } domain || caller.MayUse(domain),
        _ => caller.MayUse(path.Domain!),
    };

    private static bool IsBelow(SnapshotClosure? closure, Digest snapshot, ObjectPath path) => path.Kind switch
    {
        ObjectKind.Format or ObjectKind.Signature => true,
        ObjectKind.Snapshot => path.Digest == snapshot,
        ObjectKind.Segment => closure?.Segments.Contains(path.Digest) == true,
        ObjectKind.Block => closure?.Blocks.Contains(path.Digest) == true,
        _ => closure?.Domain == path.Domain,
    };
}
