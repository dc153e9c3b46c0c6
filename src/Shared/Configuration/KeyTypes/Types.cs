using Serilog.Events;

namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>The types that keys have, each made once.</summary>
internal static class Types
{
    public static readonly FlagType Flag = new();

    public static readonly TextType<string> AbsolutePath = new RuledTextType(
        "an absolute path", "\"/mnt/asl/local\"", TextRules.IsAbsolutePath,
        "is no absolute path: it must begin with / and have no . or .. in it");

    public static readonly TextType<string> Name = new RuledTextType(
        "a name", "\"rescue-domain\"", TextRules.IsName,
        "is no name: 1 to 64 of a-z, 0-9, \".\", \"_\" and \"-\", a letter or digit first");

    public static readonly TextType<string> Pool = new RuledTextType(
        "a pool's name or guid", "\"rescuepool\"", TextRules.IsPoolOrGuid,
        "is neither a pool's guid nor a name: a letter, then letters, digits, \"_\", \"-\", \".\" or \":\"");

    public static readonly TextType<string> ImportApproval = new RuledTextType(
        "a pool's guid or name, guid@owner, or a directory", "\"15871330186134735911\"", TextRules.IsImportApproval,
        "is neither a pool's guid or name, nor guid@owner, nor an absolute path");

    public static readonly TextType<string> Dataset = new RuledTextType(
        "a dataset", "\"rescuepool/asl\"", TextRules.IsDataset, "is no dataset: a pool's name, then names parted by /");

    public static readonly TextType<string> Fingerprint = new RuledTextType(
        "a SHA-256 fingerprint in hexadecimal", "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        TextRules.IsFingerprint,
        "is no SHA-256 fingerprint: 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 prints them",
        TextRules.PlainFingerprint);

    public static readonly TextType<Uri> HttpsUrl = new UrlType("an https URL", "https://asl-backend", "https");

    public static readonly TextType<Uri> ProxyUrl =
        new UrlType("the URL of a proxy (http, https or socks5)", "http://proxy:3128", "http", "https", "socks5");

    public static readonly KeyType<IReadOnlyList<string>> AbsolutePaths = new ListType<string>("a list of absolute paths", AbsolutePath);

    public static readonly KeyType<IReadOnlyList<string>> Domains = new ListType<string>(
        "a list of domains", new RuledTextType("a domain", "\"rescue-domain\"", text => text == Client.AnyDomain || TextRules.IsName(text), "is neither a domain nor \"*\""));

    public static readonly KeyType<IReadOnlyList<byte[]>> Ed25519Keys =
        new ListType<byte[]>("a list of Ed25519 public keys", new Ed25519KeyType());

    public static readonly WordType<IntakeMode> Mode = new(
        ("auto", IntakeMode.Auto), ("local", IntakeMode.Local), ("remote", IntakeMode.Remote));

    public static readonly WordType<LocalKind> LocalKind = new(
        ("zfs", Configuration.LocalKind.Zfs), ("directory", Configuration.LocalKind.Directory));

    public static readonly WordType<PeerRole> PeerRole = new(
        ("intake", Configuration.PeerRole.Intake), ("read", Configuration.PeerRole.Read), ("admin", Configuration.PeerRole.Admin));

    public static readonly WordType<LogEventLevel> Level = new(
        ("verbose", LogEventLevel.Verbose),
        ("debug", LogEventLevel.Debug),
        ("information", LogEventLevel.Information),
        ("warning", LogEventLevel.Warning),
        ("error", LogEventLevel.Error),
        ("fatal", LogEventLevel.Fatal));

    public static DurationType Duration(TimeSpan min, TimeSpan max, string example) => new(min, max, example);

    /// <summary>How long to wait, with "never" for as long as it takes.</summary>
    public static DurationType Timeout(string example) => new(TimeSpan.FromSeconds(1), TimeSpan.FromHours(720), example, hasNever: true);
}
