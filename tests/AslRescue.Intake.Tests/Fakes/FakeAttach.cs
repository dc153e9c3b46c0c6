using AslRescue.Intake.Steps;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>Attaches nothing; holds what it is told to hold, as an import would.</summary>
internal sealed class FakeAttach : IAttachStep
{
    public Queue<Exception> Faults { get; } = [];

    public string? Holds { get; init; }

    public List<string> Calls { get; } = [];

    /// <summary>What lies imported on the machine, whoever did it.</summary>
    public HashSet<string> Imported { get; } = [];

    public Func<CancellationToken, Task>? OnAttach { get; set; }

    public async Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        Calls.Add("attach");
        await (OnAttach?.Invoke(cancellationToken) ?? Task.CompletedTask);
        if (Holds is { } what && !Imported.Contains(what))
        {
            context.Hold(what);
            Imported.Add(what);
        }

        if (Faults.TryDequeue(out var fault))
        {
            throw fault;
        }

        return GateBench.NewAttached(context.Request);
    }

    public Task DetachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        Calls.Add("detach");
        Imported.ExceptWith(context.Held);
        return Task.CompletedTask;
    }
}
