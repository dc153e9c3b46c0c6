using System.Globalization;
using System.Text.RegularExpressions;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>
/// What texts may be. Pools, datasets and names become arguments of other programs and names of folders: no rule lets a value
/// begin with "-", be "." or "..", or hold a control character.
/// </summary>
internal static partial class TextRules
{
    /// <summary>Without "." and ".." segments, so that a path hung off another root stays below it.</summary>
    public static bool IsAbsolutePath(string text) =>
        text.StartsWith('/') && !text.Any(char.IsControl) && !text.Split('/').Any(segment => segment is "." or "..");

    /// <summary>Names a folder of the store, on any file system.</summary>
    public static bool IsName(string text) => Name().IsMatch(text);

    /// <summary>zpool-create(8): begins with a letter, then letters, digits, "_", "-", ".", ":" or a space.</summary>
    public static bool IsPool(string text) => Pool().IsMatch(text) && !text.EndsWith(' ');

    /// <summary>A guid is a decimal number of 64 bits.</summary>
    public static bool IsPoolOrGuid(string text) =>
        IsPool(text) || ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>
    /// What may be approved beforehand: a pool by name or guid, a foreign pool by guid and last owner ("123@host"), a directory by path.
    /// </summary>
    public static bool IsImportApproval(string text) =>
        IsPoolOrGuid(text) || IsAbsolutePath(text)
        || (text.Split('@') is [var guid, { Length: > 0 } owner] && ulong.TryParse(guid, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && !owner.Any(char.IsControl));

    /// <summary>zfs(8): pool/name/name; a snapshot or bookmark (@, #) cannot be mounted for writing.</summary>
    public static bool IsDataset(string text) => text.Length < 256 && Dataset().IsMatch(text) && !text.EndsWith(' ');

    /// <summary>64 hexadecimal digits, or the same in pairs with colons as <c>openssl x509 -fingerprint -sha256</c> prints them.</summary>
    public static bool IsFingerprint(string text) => Fingerprint().IsMatch(text);

    public static string PlainFingerprint(string text) => text.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.: -]{0,254}\z")]
    private static partial Regex Pool();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.: -]*(/(?!\.\.?(/|\z))[A-Za-z0-9_.:][A-Za-z0-9_.: -]*)*\z")]
    private static partial Regex Dataset();

    [GeneratedRegex(@"\A([0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31})\z")]
    private static partial Regex Fingerprint();
}
