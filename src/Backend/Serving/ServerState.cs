using System.Security.Cryptography;
using System.Text;
using AslRescue.Backend.Access;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Serving;

/// <summary>The folder with what is a server's own: its certificate and key, its clients, the tokens of the first ones. None of it is in the storage.</summary>
internal sealed class ServerState
{
    private const int TokenBytes = 24;

    /// <param name="folder">Made if need be, for its owner alone.</param>
    internal ServerState(string folder)
    {
        Folder = folder;
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.Usage, "the server's own folder cannot be used") { Where = folder, Why = failure.Message, Fix = "name another: --state DIR" }, failure);
        }
    }

    /// <summary>Where it lies.</summary>
    internal string Folder { get; }

    /// <summary>Who may ask.</summary>
    internal string ClientsFile => Path.Combine(Folder, "clients.toml");

    /// <summary>The folder that was named, or the usual one.</summary>
    internal static string FolderOf(string? named) => named
        ?? Environment.GetEnvironmentVariable("STATE_DIRECTORY")
        ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_STATE_HOME") ?? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".local/state"), "asl-backend");

    /// <summary>The file of clients; the first time one of each role is made, with its token in a file of its own.</summary>
    internal string MakeClients(string domain)
    {
        if (!File.Exists(ClientsFile))
        {
            var tokens = Path.Combine(Folder, "tokens");
            Directory.CreateDirectory(tokens, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var text = new StringBuilder("# Who may ask this server. A client has a role (intake, read, admin), domains, and a token or a certificate.\n"
                + "# Tokens stand here as their SHA-256: printf %s TOKEN | sha256sum. The server reads this file when it starts.\n");
            foreach (var role in new[] { PeerRole.Intake, PeerRole.Read, PeerRole.Admin })
            {
                var token = NewToken();
                SecretFile.Write(Path.Combine(tokens, Roles.Text(role)), token + "\n");
                text.Append(Table(Roles.Text(role), role, role == PeerRole.Admin ? Client.AnyDomain : domain, token));
            }

            SecretFile.Write(ClientsFile, text.ToString());
        }

        return ClientsFile;
    }

    /// <summary>Adds a client; gives its token.</summary>
    /// <exception cref="AslException">The file is wrong with it: the name is taken, or no name.</exception>
    internal string AddClient(string name, PeerRole role, string domain)
    {
        var before = File.Exists(ClientsFile) ? File.ReadAllText(ClientsFile) : "";
        var token = NewToken();
        var trial = ClientsFile + ".new";
        SecretFile.Write(trial, before + Table(name, role, domain, token));
        try
        {
            _ = ClientFile.Read(trial);
            File.Move(trial, ClientsFile, overwrite: true);
            return token;
        }
        finally
        {
            File.Delete(trial);
        }
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));

    private static string Table(string name, PeerRole role, string domain, string token) =>
        $"""

        [[clients]]
        name = "{name}"
        role = "{Roles.Text(role)}"
        domains = ["{domain}"]
        token-sha256 = "{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))}"

        """;
}
