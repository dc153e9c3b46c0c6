using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Logs;

/// <summary>
/// Checkpoints of a journal: C2SP tlog-checkpoint, which is a signed note of three lines (whose journal, how many records, their Merkle root). The
/// domain signs as the log does (signed-note, type 1), a server as a witness (tlog-cosignature, type 4).
/// </summary>
public static class JournalNote
{
    /// <summary>No note is longer.</summary>
    public const int BytesMax = 16 * 1024;

    private const byte LogType = 1;
    private const byte WitnessType = 4;
    private const int RootBytes = 32;

    /// <summary>Whose journal: "aslrescue/DOMAIN/RUN".</summary>
    public static string Origin(string domain, string run) => $"aslrescue/{domain}/{run}";

    /// <summary>The name under which a domain signs.</summary>
    public static string SignerName(string domain) => $"aslrescue/{domain}";

    /// <summary>What is signed.</summary>
    /// <param name="origin">See <see cref="Origin"/>.</param>
    /// <param name="size">Records.</param>
    /// <param name="root">Their root, 32 bytes.</param>
    public static byte[] Body(string origin, long size, ReadOnlySpan<byte> root) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{origin}\n{size}\n{Convert.ToBase64String(root)}\n"));

    /// <summary>A whole note: the body, an empty line, signature lines as they were made.</summary>
    public static byte[] Compose(ReadOnlySpan<byte> body, IEnumerable<string> signatures) =>
        [.. body, (byte)'\n', .. signatures.SelectMany(line => Encoding.UTF8.GetBytes(line))];

    /// <summary>Number of records and root, when a note's body is of this journal; null when it is of another or malformed.</summary>
    public static (long Size, byte[] Root)? ReadBody(ReadOnlySpan<byte> body, string origin)
    {
        var root = new byte[RootBytes];
        return Encoding.UTF8.GetString(body).Split('\n') is [var first, var count, var encoded, ""] && first == origin
            && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && Convert.TryFromBase64String(encoded, root, out var length) && length == RootBytes && Body(origin, size, root).AsSpan().SequenceEqual(body)
                ? (size, root)
                : null;
    }

    /// <summary>A signature line of whoever writes the journal.</summary>
    public static string Sign(SigningKey key, string name, ReadOnlySpan<byte> body) => Line(name, [.. Id(name, LogType, key), .. key.Sign(body)]);

    /// <summary>A signature line of a witness: whoever else holds the journal, and vouches for when.</summary>
    public static string Cosign(SigningKey key, string name, ReadOnlySpan<byte> body, DateTimeOffset time)
    {
        var stamp = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(stamp, time.ToUnixTimeSeconds());
        byte[] signed = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time.ToUnixTimeSeconds()}\n")), .. body];
        return Line(name, [.. Id(name, WitnessType, key), .. stamp, .. key.Sign(signed)]);
    }

    /// <summary>Whether a text is one line of a witness: what a server answers is put into a note that nobody can change again.</summary>
    public static bool IsCosignature(string line)
    {
        if (line.Length > 512 || !line.EndsWith('\n') || line[..^1].Split(' ') is not ["—", var name, var encoded] || !IsName(name))
        {
            return false;
        }

        var bytes = new byte[4 + 8 + SnapshotSignature.Bytes];
        return Convert.TryFromBase64String(encoded, bytes, out var length) && length == bytes.Length;
    }

    /// <summary>The key as verifiers take it: NAME+ID+BASE64.</summary>
    public static string WitnessKey(SigningKey key, string name) =>
        $"{name}+{Convert.ToHexStringLower(Id(name, WitnessType, key))}+{Convert.ToBase64String([WitnessType, .. key.PublicKey])}";

    /// <summary>Whether a text may be a key's name: no white space, no plus.</summary>
    public static bool IsName(string text) => text.Length > 0 && !text.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter == '+');

    private static byte[] Id(string name, byte type, SigningKey key) => SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', type, .. key.PublicKey])[..4];

    private static string Line(string name, byte[] bytes) => $"— {name} {Convert.ToBase64String(bytes)}\n";
}
