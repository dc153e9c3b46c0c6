using AslRescue.Preflight.Facts;
using static AslRescue.Preflight.Explanations.Remedies;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// Facts about the way to the endpoint. remote.answer stands for its layers: what makes the endpoint answer is what repairs the
/// first layer that does not.
/// </summary>
internal static class NetworkRemedies
{
    private const string Link = "plug in a cable, or ip link set INTERFACE up";
    private const string Address = "ip address add ADDRESS/PREFIX dev INTERFACE, or ask for one by DHCP";
    private const string Route = "ip route add default via GATEWAY";
    private const string Name = "name a server in /etc/resolv.conf that knows the endpoint, or correct remote.endpoint";
    private const string Connection = "start the endpoint, open the way to it, or set remote.proxy";
    private const string Certificate = "net.tls says what is wrong: set the clock, remote.ca or remote.pin, or renew the certificate";
    private const string Answer = "net.http says what answered: log in to the network's portal, or correct remote.endpoint";
    private const string Break = "what works is not broken";

    private static readonly (string Fact, Effort Effort, string How)[] Layers =
    [
        (FactIds.NetLink, Effort.Hands, Link), (FactIds.NetAddress, Effort.Command, Address), (FactIds.NetRoute, Effort.Command, Route),
        (FactIds.NetDns, Effort.Command, Name), (FactIds.NetTcp, Effort.Hands, Connection),
        (FactIds.TlsRoots, Effort.Command, "install ca-certificates, or set remote.ca"), (FactIds.NetTools, Effort.Command, "install ip and curl"),
    ];

    private static readonly (string From, Effort Effort, string How)[] Answers =
    [
        ("no-link", Effort.Hands, Link), ("no-address", Effort.Command, Address), ("no-route", Effort.Command, Route),
        ("no-dns", Effort.Command, Name), ("no-tcp", Effort.Hands, Connection), ("bad-tls", Effort.Command, Certificate),
        ("wrong-answer", Effort.Command, Answer),
    ];

    private static readonly (string From, string How)[] Certificates =
    [
        ("expired", "set the clock if it is wrong (date --set); else the endpoint needs a new certificate"),
        ("not-yet-valid", "set the clock: date --set 'YYYY-MM-DD HH:MM'"),
        ("wrong-name", "remote.endpoint = \"https://NAME\", with a name that the certificate bears"),
        ("untrusted", "remote.ca = \"FILE\", the certificates that the endpoint's was signed with"),
        ("wrong-pin", "ask the endpoint's owner for its certificate's fingerprint; if it has changed: remote.pin = \"FINGERPRINT\""),
    ];

    public static IReadOnlyList<Remedy> All { get; } =
    [
        .. Layers.Select(layer => new Remedy(layer.Fact, "yes", layer.Effort, layer.How)),
        .. Layers.Select(layer => Never(layer.Fact, "no", Break)),

        new Remedy(FactIds.NetTls, "valid", Effort.Command, "openssl s_client -connect HOST:443 shows what the endpoint presents"),
        .. Certificates.Select(one => new Remedy(FactIds.NetTls, "valid", Effort.Command, one.How) { From = one.From }),
        .. Others(FactIds.NetTls, "valid"),
        new Remedy(FactIds.NetHttp, "answers", Effort.Command, Answer),
        .. Others(FactIds.NetHttp, "answers"),

        new Remedy(FactIds.RemoteAnswer, "answers", Effort.Hands, "remote.endpoint = \"https://HOST\", an endpoint that answers{network}") { From = "unset" },
        new Remedy(FactIds.RemoteAnswer, "answers", Effort.Hands, "let the endpoint answer"),
        .. Answers.Select(one => new Remedy(FactIds.RemoteAnswer, "answers", one.Effort, one.How) { From = one.From }),
        TakeOut(FactIds.RemoteAnswer, "unset", "remote.endpoint"),
        .. Others(FactIds.RemoteAnswer, "answers", "unset"),

        Never(FactIds.RemoteMount, "mounted", "nothing belongs there"),
        new Remedy(FactIds.RemoteMount, "none", Effort.Command, "umount --lazy /mnt/asl/remote"),
    ];

    private static IEnumerable<Remedy> Others(string fact, params string[] but) =>
        FactCatalog.Find(fact)!.Values.Except([.. but, FactDefinition.Unknown]).Select(value => Never(fact, value, Break));
}
