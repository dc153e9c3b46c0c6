using AslRescue.Shared.Configuration.KeyTypes;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Somebody who may ask a server, as a <c>[[clients]]</c> table of its clients file names them.</summary>
/// <param name="Name">For logs.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Domains">Where; <see cref="AnyDomain"/> for everywhere.</param>
/// <param name="TokenSha256">SHA-256 of its bearer token (UTF-8), 64 lower-case hexadecimal digits; null for none.</param>
/// <param name="CertificateSha256">SHA-256 of its certificate (DER), alike; null for none.</param>
public sealed record Client(string Name, PeerRole Role, IReadOnlyList<string> Domains, string? TokenSha256, string? CertificateSha256)
{
    /// <summary>In <see cref="Domains"/>: all of them.</summary>
    public const string AnyDomain = "*";

    /// <summary>Whether it may do what its role allows in a domain.</summary>
    public bool MayUse(string domain) => Domains.Contains(AnyDomain) || Domains.Contains(domain);
}

/// <summary>The keys of a <c>[[clients]]</c> table.</summary>
public static class ClientKeys
{
    public static readonly KeyDefinition<string> Name = new("name", Types.Name, "the client, for logs") { WithoutDefault = "required" };

    public static readonly KeyDefinition<PeerRole> Role = new("role", Types.PeerRole, "what it may do") { WithoutDefault = "required" };

    public static readonly KeyDefinition<IReadOnlyList<string>> Domains = new("domains", Types.Domains, "where; \"*\" for everywhere")
    {
        WithoutDefault = "required",
    };

    public static readonly KeyDefinition<string> TokenSha256 = new("token-sha256", Types.Fingerprint, "SHA-256 of its bearer token")
    {
        WithoutDefault = "no token",
    };

    public static readonly KeyDefinition<string> CertificateSha256 = new("certificate-sha256", Types.Fingerprint, "SHA-256 of its certificate (DER)")
    {
        WithoutDefault = "no certificate",
    };

    public static IReadOnlyList<KeyDefinition> All { get; } = [Name, Role, Domains, TokenSha256, CertificateSha256];
}

/// <summary>Reads a server's clients file: TOML with <c>[[clients]]</c> tables and nothing else.</summary>
public static class ClientFile
{
    private const string Key = "clients";

    /// <summary>Every client, in order.</summary>
    /// <exception cref="AslException">The file cannot be read, or something in it is wrong; with file, line and column.</exception>
    public static IReadOnlyList<Client> Read(string path)
    {
        List<Client> clients = [];
        foreach (var entry in TomlReader.Read(ConfigurationText.ReadRequired(path), isLenient: false))
        {
            if (entry.Key != Key)
            {
                throw ConfigurationErrors.UnknownKey(entry, NearestKey.Why(entry.Key, [Key]));
            }

            clients.AddRange(new TableListReader(Key, ClientKeys.All).Read<Client>(entry, Make));
        }

        return clients;
    }

    private static Client Make(TableValues table, IReadOnlyList<Client> before)
    {
        const string what = "client";
        var client = new Client(
            table.Required(ClientKeys.Name, what), table.Required(ClientKeys.Role, what), table.Required(ClientKeys.Domains, what),
            table.OrNull(ClientKeys.TokenSha256), table.OrNull(ClientKeys.CertificateSha256));
        if (before.Any(other => other.Name == client.Name))
        {
            throw ConfigurationErrors.Contradiction($"{Key}.name", table.WhereOf(ClientKeys.Name), $"\"{client.Name}\" stands above already", "give it another name");
        }

        if (client.TokenSha256 is null && client.CertificateSha256 is null)
        {
            throw ConfigurationErrors.Contradiction(Key, table.Where, $"\"{client.Name}\" has neither token-sha256 nor certificate-sha256", "asl-backend client NAME   (makes a token)");
        }

        return client.Role != PeerRole.Intake || client.Domains is [not Client.AnyDomain] ? client
            : throw ConfigurationErrors.Contradiction($"{Key}.domains", table.Where, $"\"{client.Name}\" takes in, and that is done for exactly one domain", "name one domain");
    }
}
