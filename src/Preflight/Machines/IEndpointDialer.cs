using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Machines;

/// <summary>The seam to the network beyond the machine: the real one, or a recording.</summary>
public interface IEndpointDialer
{
    /// <summary>
    /// Goes through the layers in order (DNS, TCP, TLS, HTTP), notes a fact for each, and stops at the first that does not
    /// hold. Facts of layers that were not reached are left out.
    /// </summary>
    /// <exception cref="OperationCanceledException">The time is up; what was noted stands.</exception>
    Task DialAsync(PreflightSettings settings, Uri endpoint, FactSheet facts, CancellationToken cancellationToken);
}
