using System.Security.Cryptography;

namespace AslRescue.Audit;

/// <summary>SHA-256 in lower-case hexadecimal: what names and chains everything.</summary>
internal static class Sha
{
    /// <summary>64 zeros: what the first record and the first seal follow.</summary>
    public const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Whether a text is a digest as it must be written.</summary>
    public static bool IsOne(string? text) => text is { Length: 64 } && text.All(letter => letter is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    /// <summary>The first digits, for people.</summary>
    public static string Short(string? digest) => digest is { Length: > 12 } ? digest[..12] + "…" : digest ?? "none";
}
