using System.Net;
using AslRescue.Shared.Errors;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Backend.Serving;

/// <summary>What a server vouches with for the journals that it holds: an Ed25519 key of its own, made at its first start.</summary>
internal sealed class Witness
{
    private readonly SigningKey _key;
    private readonly string _name;

    internal Witness(SigningKey key, string name) => (_key, _name) = (key, name);

    /// <summary>What auditors give to <c>asl-admin audit --key</c>.</summary>
    internal string VerifierKey => JournalNote.WitnessKey(_key, _name);

    /// <summary>The key in a server's folder; made if there is none, and null, with a warning, where that cannot be.</summary>
    /// <param name="folder">The server's own.</param>
    /// <param name="name">The name in its signatures.</param>
    /// <exception cref="AslException">Usage: the file is no such key, or the name cannot be one.</exception>
    internal static Witness? LoadOrMake(string folder, string? name)
    {
        var path = Path.Combine(folder, "witness.pem");
        var chosen = name ?? $"asl-backend/{Dns.GetHostName()}";
        if (!JournalNote.IsName(chosen))
        {
            throw ServerProgram.Usage($"'{chosen}' cannot be the name of a key", "--witness-name without white space and plus");
        }

        try
        {
            if (!File.Exists(path))
            {
                // Whole or not at all, or a power cut would leave a server that does not start any more.
                SecretFile.Write(path + ".new", SigningKey.Make().ToPem());
                File.Move(path + ".new", path);
            }

            return SigningKey.TryParse(File.ReadAllText(path)) is { } key ? new Witness(key, chosen)
                : throw ServerProgram.Usage($"{path} is no Ed25519 key in PEM", "move it away: the server makes a new one, and auditors need its new verifier key");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(Printable.Text($"warning: {path} can be neither read nor made ({failure.Message}): this server cosigns no checkpoints"));
            return null;
        }
    }

    /// <summary>A signature line.</summary>
    internal string Cosign(ReadOnlySpan<byte> body, DateTimeOffset now) => JournalNote.Cosign(_key, _name, body, now);
}
