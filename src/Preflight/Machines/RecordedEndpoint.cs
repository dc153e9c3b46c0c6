using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Toml;

namespace AslRescue.Preflight.Machines;

/// <summary>The network's recorded answers: one value for each layer that was reached, under the fact's name.</summary>
internal sealed class RecordedEndpoint(TomlSection? network) : IEndpointDialer
{
    private static readonly string[] Layers = [FactIds.NetDns, FactIds.NetTcp, FactIds.NetTls, FactIds.NetHttp];

    public Task DialAsync(PreflightSettings settings, Uri endpoint, FactSheet facts, CancellationToken cancellationToken)
    {
        foreach (var layer in Layers)
        {
            if (network?.Text(layer) is { } value)
            {
                facts.Add(new Fact(layer, value, $"recorded: {value}", [new Evidence($"recorded answer of {endpoint.Host}")]));
            }
        }

        return Task.CompletedTask;
    }
}
