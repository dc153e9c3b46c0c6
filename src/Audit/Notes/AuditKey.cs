using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace AslRescue.Audit.Notes;

/// <summary>
/// A public key that the auditor trusts: Ed25519, as 64 hexadecimal digits (whoever signs under whatever name), or as a verifier key of C2SP's
/// signed-note, NAME+ID+BASE64, whose type says whether it signs as a log (1) or as a witness (4).
/// </summary>
public sealed class AuditKey
{
    private const byte LogType = 1;
    private const byte WitnessType = 4;
    private const int KeyBytes = 32;
    private readonly byte[] _key;
    private readonly string? _name;
    private readonly byte? _type;

    private AuditKey(byte[] key, string? name, byte? type) => (_key, _name, _type) = (key, name, type);

    /// <summary>The key, in hexadecimal.</summary>
    public string Hex => Convert.ToHexStringLower(_key);

    /// <summary>Reads one; null when it is neither form.</summary>
    public static AuditKey? TryParse(string text)
    {
        if (Sha.IsOne(text))
        {
            return new AuditKey(Convert.FromHexString(text), null, null);
        }

        // Base64 has plus signs of its own, a name has none.
        if (text.Split('+', 3) is not [var name, var id, var encoded] || name.Length == 0)
        {
            return null;
        }

        var bytes = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(encoded, bytes, out var length) && length == bytes.Length && bytes[0] is LogType or WitnessType
            && Convert.ToHexStringLower(IdOf(name, bytes[0], bytes.AsSpan(1))) == id
                ? new AuditKey(bytes[1..], name, bytes[0])
                : null;
    }

    /// <summary>Who made a signature of a note, if it is of this key: "key 3f9a51c2…, as a witness at 2026-11-27T10:00:00Z". Null when it is not.</summary>
    internal string? Signed(Note note, NoteSignature signature)
    {
        if (_name is not null && _name != signature.Name)
        {
            return null;
        }

        var isLog = _type is null or LogType && signature.Bytes.Length == 4 + 64
            && signature.Bytes.AsSpan(0, 4).SequenceEqual(IdOf(signature.Name, LogType, _key)) && IsGood(note.Body, signature.Bytes.AsSpan(4));
        if (isLog)
        {
            return $"{signature.Name}, key {Sha.Short(Hex)}";
        }

        // tlog-cosignature: the witness signs the time too.
        if (_type is null or WitnessType && signature.Bytes.Length == 4 + 8 + 64 && signature.Bytes.AsSpan(0, 4).SequenceEqual(IdOf(signature.Name, WitnessType, _key)))
        {
            var time = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(signature.Bytes.AsSpan(4));
            return time <= int.MaxValue && IsGood(Note.CosignedText(note.Body, time), signature.Bytes.AsSpan(12))
                ? $"{signature.Name}, key {Sha.Short(Hex)}, as a witness at {DateTimeOffset.FromUnixTimeSeconds((long)time):yyyy-MM-ddTHH:mm:ssZ}"
                : null;
        }

        return null;
    }

    /// <summary>Whether a signature of a snapshot is of this key: over "asl-snapshot-1" and a newline, zeros up to 32 bytes, and the snapshot's name.</summary>
    internal bool HasSignedSnapshot(string snapshot, ReadOnlySpan<byte> signature)
    {
        var message = new byte[64];
        "asl-snapshot-1\n"u8.CopyTo(message);
        Convert.FromHexString(snapshot).CopyTo(message, 32);
        return IsGood(message, signature);
    }

    private static byte[] IdOf(string name, byte type, ReadOnlySpan<byte> key) => SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', type, .. key])[..4];

    private bool IsGood(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == 64 && Ed25519.Verify(signature.ToArray(), 0, _key, 0, message.ToArray(), 0, message.Length);
}
