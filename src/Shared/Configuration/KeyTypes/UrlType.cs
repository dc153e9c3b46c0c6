namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>
/// A URL of one of a few schemes that names a server. No user name or password: configuration is safe to ship in an ISO and is
/// printed whole. No query or fragment: what follows would be appended to it.
/// </summary>
internal sealed class UrlType(string name, string example, params string[] schemes) : TextType<Uri>(name, $"\"{example}\"")
{
    public override string Format(Uri value) => value.OriginalString;

    protected override Reading<Uri> Parse(RawValue raw)
    {
        // Uri trims and mends some of what it gets; a configured address is taken as it is written or not at all.
        if (raw.Text.Any(c => c is <= ' ' or > '~' or '\\') || !Uri.TryCreate(raw.Text, UriKind.Absolute, out var url))
        {
            return Bad(raw, $"is no URL such as {Example}");
        }

        var why = Objection(url);
        return why is null ? Reading<Uri>.Of(url) : Bad(raw, why);
    }

    private string? Objection(Uri url) => url switch
    {
        { Scheme: "http" } when !schemes.Contains("http") =>
            "is not encrypted: anybody on the way could read what is rescued and answer in the server's place",
        _ when !schemes.Contains(url.Scheme) => $"has the scheme {url.Scheme}, not one of {string.Join(", ", schemes)}",
        { Host: "" } => "names no server",
        { UserInfo: not "" } => "holds a user name or password; secrets never stand in the configuration",
        { Query: not "" } or { Fragment: not "" } => "has a ? or # part, which a server's address has not",
        _ => null,
    };
}
