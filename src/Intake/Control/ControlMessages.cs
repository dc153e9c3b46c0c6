using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Control;

/// <summary>A line from a client; docs/control-protocol.md.</summary>
public sealed record ControlRequest
{
    /// <summary>status, watch, approve, deny, add, cancel, key.</summary>
    public required string Verb { get; init; }

    /// <summary>approve, deny: at least eight digits of the request's id.</summary>
    public string? Id { get; init; }

    /// <summary>add: the source.</summary>
    public string? Source { get; init; }

    /// <summary>key: the key, its bytes in base64.</summary>
    public string? Key { get; init; }
}

/// <summary>An error on its way to a client.</summary>
/// <param name="Code">"ASL6007".</param>
/// <param name="What">See <see cref="AslError"/>.</param>
/// <param name="Where">See there.</param>
/// <param name="Why">See there.</param>
/// <param name="Fix">See there.</param>
public sealed record ControlError(string Code, string What, string? Where, string? Why, string Fix)
{
    /// <summary>From an error.</summary>
    public static ControlError Of(AslError error) => new(error.CodeText, error.What, error.Where, error.Why, error.Fix);

    /// <summary>The error again, at the client.</summary>
    public AslError ToError()
    {
        var isKnown = Code.StartsWith("ASL", StringComparison.Ordinal) & int.TryParse(Code.AsSpan(Math.Min(3, Code.Length)), out var number);
        return new AslError(isKnown ? (ErrorCode)number : ErrorCode.RequestRefused, What) { Where = Where, Why = Why, Fix = Fix };
    }
}

/// <summary>A line to a client.</summary>
public sealed record ControlAnswer
{
    /// <summary>Whether it was done.</summary>
    public required bool Ok { get; init; }

    /// <summary>status, watch: how things stand. The others: how they stand afterwards.</summary>
    public IntakeStatus? Status { get; init; }

    /// <summary>Why it was not done.</summary>
    public ControlError? Error { get; init; }

    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">It is no answer.</exception>
    public static ControlAnswer Parse(ReadOnlySpan<byte> line)
    {
        var answer = JsonSerializer.Deserialize(line, IntakeJson.Default.ControlAnswer) ?? throw new JsonException("the answer is null");
        return IsWhole(answer.Error) && IsWhole(answer.Status?.Error) ? answer : throw new JsonException("an error lacks code, what or fix");
    }

    private static bool IsWhole(ControlError? error) => error is null or { Code: not null, What: not null, Fix: not null };
}
