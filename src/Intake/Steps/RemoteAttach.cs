using AslRescue.Shared.Errors;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Intake.Steps;

/// <summary>
/// An endpoint as the backend: it must be reached, prove who it is, know us, and let us create in our domain. All of that may be mended where the endpoint is,
/// so nothing of it ends the run for good.
/// </summary>
/// <param name="open">Opens the endpoint that was approved.</param>
/// <param name="domain">Our domain.</param>
public sealed class RemoteAttach(Func<Uri, HttpBackend> open, string domain) : IAttachStep
{
    /// <inheritdoc/>
    public Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.Request.Endpoint ?? throw new InvalidOperationException("the request names no endpoint");
        return Task.Run(() => Greet(endpoint), cancellationToken).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task DetachAsync(AttachContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks an endpoint whether it lets us create in a domain.</summary>
    /// <exception cref="AslException">It cannot be reached, does not prove who it is, does not know us, or does not let us.</exception>
    public static ServerFacts Check(HttpBackend backend, string domain)
    {
        var facts = backend.Greet();
        return facts.Role != "read" && facts.MayUse(domain) ? facts : throw new AslException(new AslError(ErrorCode.RemoteForbidden, "the endpoint does not let us store")
        {
            Where = backend.Location,
            Why = $"it knows us as {facts.Caller}, with the role {facts.Role} in {string.Join(", ", facts.Domains)}; domain.id is {domain}",
            Fix = $"ask for a client with the role intake: asl-backend client NAME --role intake --domain {domain}",
        });
    }

    private AttachedBackend Greet(string endpoint)
    {
        try
        {
            using var backend = open(new Uri(endpoint));
            var facts = Check(backend, domain);
            return new AttachedBackend
            {
                Kind = Approvals.BackendKinds.Remote,
                Location = endpoint,
                Certificate = facts.Certificate,
                Server = $"{facts.Program}, client {facts.Caller}, role {facts.Role}",
            };
        }
        catch (AslException failure) when (failure.Error.IsPermanent)
        {
            throw new AslException(failure.Error with { IsPermanent = false }, failure);
        }
    }
}
