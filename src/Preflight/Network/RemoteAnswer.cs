using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Network;

/// <summary>
/// The layers in one word, for the table. A layer that holds vouches for those below it: an endpoint on the own link answers
/// without a default route. So what counts is the first layer, above all that hold, that does not.
/// </summary>
internal static class RemoteAnswer
{
    private static readonly (string Fact, string Word)[] Layers =
    [
        (FactIds.NetLink, "no-link"), (FactIds.NetAddress, "no-address"), (FactIds.NetRoute, "no-route"), (FactIds.NetDns, "no-dns"),
        (FactIds.NetTcp, "no-tcp"), (FactIds.NetTls, "bad-tls"), (FactIds.NetHttp, "wrong-answer"),
    ];

    public static Fact Of(PreflightSettings settings, FactSheet sheet)
    {
        if (settings.Problem is not null || settings.RemoteEndpoint is null)
        {
            return settings.Problem is null
                ? new Fact(FactIds.RemoteAnswer, "unset", "remote.endpoint is not set", [])
                : Fact.Unknown(FactIds.RemoteAnswer, "the configuration cannot be used");
        }

        var holds = Array.FindLastIndex(Layers, layer => sheet.Find(layer.Fact)?.Value is "yes" or "valid" or "answers");
        if (holds == Layers.Length - 1)
        {
            return new Fact(FactIds.RemoteAnswer, "answers", sheet.Find(FactIds.NetHttp)!.Says, []);
        }

        var (fact, word) = Layers[holds + 1];
        var broken = sheet.Find(fact);
        return broken is null or { IsUnknown: true }
            ? Fact.Unknown(FactIds.RemoteAnswer, $"{fact}: {broken?.Says ?? "not reached"}")
            : new Fact(FactIds.RemoteAnswer, word, $"{fact}: {broken.Says}", []);
    }
}
