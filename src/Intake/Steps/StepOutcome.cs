using System.Text.Json;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Steps;

/// <summary>What a step came to: the transition that it asks for.</summary>
/// <param name="Trigger">Which; null to look again, because the state changed under the step, or to leave.</param>
/// <param name="Evidence">In the journal already.</param>
/// <param name="Reason">For people.</param>
internal sealed record StepOutcome(IntakeTrigger? Trigger, IReadOnlyList<EvidenceReference> Evidence, string Reason)
{
    /// <summary>The journal of an earlier run was taken over: go on from where that stands.</summary>
    public static StepOutcome LookAgain { get; } = new(null, [], "");

    /// <summary>A foreground command does not wait for people: it ends, and the run can be resumed.</summary>
    public static StepOutcome Leave { get; } = new(null, [], "");
}

/// <summary>What the machine does while it is in a state. Started anew after a kill, so everything in it may happen twice.</summary>
internal interface IStateStep
{
    /// <summary>Works until there is a transition to ask for.</summary>
    Task<StepOutcome> RunAsync(CancellationToken cancellationToken);
}

/// <summary>A failure as evidence.</summary>
/// <param name="Code">"ASL6010".</param>
/// <param name="What">See <see cref="AslError"/>.</param>
/// <param name="Where">See there.</param>
/// <param name="Why">See there.</param>
/// <param name="Fix">See there.</param>
/// <param name="IsPermanent">Whether trying again is of no use.</param>
/// <param name="Progressed">Whether the ingest got further before it failed: then attempts are counted afresh.</param>
internal sealed record FailureDocument(string Code, string What, string? Where, string? Why, string Fix, bool IsPermanent, bool Progressed)
{
    public static FailureDocument Of(AslError error, bool progressed) =>
        new(error.CodeText, error.What, error.Where, error.Why, error.Fix, error.IsPermanent, progressed);

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, IntakeJson.Default.FailureDocument);

    /// <exception cref="JsonException">It is something else.</exception>
    public static FailureDocument Parse(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, IntakeJson.Default.FailureDocument) is { Code: not null, What: not null, Fix: not null } failure
            ? failure
            : throw new JsonException("the failure lacks code, what or fix");

    /// <summary>The error again, for whoever shows it after a restart.</summary>
    public AslError ToError()
    {
        var code = Code.Length > 3 && int.TryParse(Code.AsSpan(3), out var number) ? (ErrorCode)number : ErrorCode.Internal;
        return new AslError(code, What) { Where = Where, Why = Why, Fix = Fix, IsPermanent = IsPermanent };
    }
}
