using System.Globalization;
using System.Net;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Network;

/// <summary>
/// Link, address and route as the kernel shows them in /sys and /proc: the same text on a live and a recorded machine.
/// </summary>
internal static class LinkFacts
{
    private const string Interfaces = "/sys/class/net";
    private const string Loopback = "lo";

    public static Fact Link(Machine machine)
    {
        var folder = machine.ListHost(Interfaces);
        if (folder.Names is null)
        {
            return Fact.Unknown(FactIds.NetLink, folder.Cause ?? "the kernel shows no network interfaces", folder.Evidence);
        }

        var states = folder.Names.Where(name => name != Loopback)
            .Select(name => (name, file: machine.ReadHost($"{Interfaces}/{name}/operstate"))).ToList();
        var evidence = states.Select(state => state.file.Evidence).ToList();
        var up = states.Find(state => HasLink(machine, state.name, state.file)).name;
        var unread = states.Find(state => state.file.Text is null).name;
        return up is not null ? new Fact(FactIds.NetLink, "yes", $"{up} is up", evidence)
            : unread is not null ? Fact.Unknown(FactIds.NetLink, $"the state of {unread} cannot be read", evidence)
            : new Fact(FactIds.NetLink, "no", states.Count == 0 ? "there is no network interface" : "no interface has a carrier", evidence);
    }

    /// <summary>
    /// Some drivers do not report an operational state: then the carrier counts. Reading the carrier of an interface that is
    /// down is refused by the kernel, which here means that there is none.
    /// </summary>
    private static bool HasLink(Machine machine, string name, FileAnswer operstate) => operstate.Text?.Trim() switch
    {
        "up" => true,
        "unknown" => machine.ReadHost($"{Interfaces}/{name}/carrier").Text?.Trim() == "1",
        _ => false,
    };

    public static Fact Address(Machine machine)
    {
        var four = machine.ReadHost("/proc/net/fib_trie");
        var six = machine.ReadHost("/proc/net/if_inet6");
        var addresses = FourIn(four.Text ?? "").Concat(SixIn(six.Text ?? "")).ToList();
        var evidence = new Evidence("read /proc/net/fib_trie and /proc/net/if_inet6") { Lines = addresses, Cause = four.Cause ?? six.Cause };
        return addresses.Count > 0 ? new Fact(FactIds.NetAddress, "yes", string.Join(", ", addresses), [evidence])
            : four.Text is null ? Fact.Unknown(FactIds.NetAddress, four.Cause ?? "the kernel shows no addresses", evidence)
            : new Fact(FactIds.NetAddress, "no", "no interface has an address that reaches further than its link", [evidence]);
    }

    public static Fact Route(Machine machine)
    {
        var four = machine.ReadHost("/proc/net/route");
        var six = machine.ReadHost("/proc/net/ipv6_route");
        var route = DefaultFour(four.Text ?? "") ?? DefaultSix(six.Text ?? "");
        var evidence = new Evidence("read /proc/net/route and /proc/net/ipv6_route") { Lines = route is null ? [] : [route] };
        return route is not null ? new Fact(FactIds.NetRoute, "yes", route, [evidence])
            : four.Text is null ? Fact.Unknown(FactIds.NetRoute, four.Cause ?? "the kernel shows no routes", evidence)
            : new Fact(FactIds.NetRoute, "no", "there is no default route", [evidence]);
    }

    /// <summary>In fib_trie an own address is a leaf "|-- 192.0.2.2" whose next line is "/32 host LOCAL".</summary>
    internal static IEnumerable<string> FourIn(string fibTrie)
    {
        var lines = fibTrie.Split('\n');
        return lines.Zip(lines.Skip(1), (leaf, kind) => (leaf, kind))
            .Where(pair => pair.kind.Contains("/32 host LOCAL", StringComparison.Ordinal))
            .Select(pair => pair.leaf.Split("|-- ")[^1].Trim())
            .Where(text => IPAddress.TryParse(text, out var address) && !IPAddress.IsLoopback(address))
            .Where(text => !text.StartsWith("169.254.", StringComparison.Ordinal))
            .Distinct();
    }

    /// <summary>if_inet6 names the scope in its fourth field: 00 global, 10 host, 20 link.</summary>
    internal static IEnumerable<string> SixIn(string ifInet6) =>
        from line in ifInet6.Split('\n')
        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where fields.Length >= 6 && fields[3] == "00" && fields[0].Length == 32
        let bytes = Bytes(fields[0])
        where bytes is not null
        select new IPAddress(bytes).ToString();

    private static byte[]? Bytes(string hex) =>
        hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : null;

    private const int Up = 0x1;
    private const int Reject = 0x200;

    private static string? DefaultFour(string route) =>
        (from line in route.Split('\n').Skip(1)
         let fields = line.Split('\t', StringSplitOptions.TrimEntries)
         where fields.Length >= 8 && fields[1] == "00000000" && fields[7] == "00000000" && IsUsable(fields[3])
         select $"default by {fields[0]}").FirstOrDefault();

    private static string? DefaultSix(string route) =>
        (from line in route.Split('\n')
         let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
         where fields.Length >= 10 && fields[1] == "00" && fields[0].All(digit => digit == '0') && fields[9] != Loopback && IsUsable(fields[8])
         select $"default by {fields[9]}").FirstOrDefault();

    private static bool IsUsable(string flags) =>
        int.TryParse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) && (bits & Up) != 0 && (bits & Reject) == 0;
}
