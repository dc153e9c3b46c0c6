using AslRescue.Shared;

namespace AslRescue.Store.Backends.Http;

/// <summary>SHA-256 in the headers of RFC 9530: <c>sha-256=:BASE64:</c>.</summary>
public static class Digests
{
    private const string Algorithm = "sha-256=:";

    /// <summary>The value of a Content-Digest or Repr-Digest header.</summary>
    public static string Write(Digest digest) => $"{Algorithm}{Convert.ToBase64String(digest.Span)}:";

    /// <summary>Reads such a value, which may name other algorithms besides; null when it has no SHA-256.</summary>
    public static Digest? Parse(string? value)
    {
        var bytes = new byte[Digest.Length + 1];
        foreach (var part in (value ?? "").Split(','))
        {
            var text = part.Trim();
            if (text.StartsWith(Algorithm, StringComparison.Ordinal) && text.EndsWith(':') && text.Length > Algorithm.Length
                && Convert.TryFromBase64String(text[Algorithm.Length..^1], bytes, out var length) && length == Digest.Length)
            {
                return new Digest(bytes.AsSpan(0, Digest.Length));
            }
        }

        return null;
    }

    internal static Digest? Read(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Repr-Digest", out var values) ? Parse(string.Join(',', values)) : null;
}
