using System.Text.Json;
using AslRescue.Shared;

namespace AslRescue.Intake.Approvals;

/// <summary>Who gave an approval.</summary>
public static class Approvers
{
    /// <summary>An operator, at the control socket.</summary>
    public const string Operator = "operator";

    /// <summary>The operator who typed the command that runs.</summary>
    public const string Command = "command";

    /// <summary>The configuration, from a trusted origin.</summary>
    public const string Configuration = "configuration";

    /// <summary>An approval of this boot, given for the same backend and sources before it was known that a run lies there to be resumed.</summary>
    public const string Carried = "carried";
}

/// <summary>A person at a terminal, as far as the kernel vouches for it.</summary>
/// <param name="Uid">The user.</param>
/// <param name="Tty">"pts/3"; null when there is none.</param>
public sealed record Peer(uint Uid, string? Tty);

/// <summary>
/// A yes to exactly one request. Good in the boot in which it was given, and only for a while before its first use: measured with the
/// monotonic clock, because a rescue system's wall clock may jump by decades when the network comes up.
/// </summary>
public sealed record Approval
{
    /// <summary>Id of the request.</summary>
    public required string Request { get; init; }

    /// <summary>See <see cref="Approvers"/>.</summary>
    public required string By { get; init; }

    /// <summary>The user, if a person did.</summary>
    public uint? Uid { get; init; }

    /// <summary>The terminal, if known.</summary>
    public string? Tty { get; init; }

    /// <summary>configuration: key and value. carried: run and approval that it was carried from.</summary>
    public string? Because { get; init; }

    /// <summary>The boot.</summary>
    public required string Boot { get; init; }

    /// <summary>Nanoseconds of the monotonic clock.</summary>
    public required long Monotonic { get; init; }

    /// <summary>Wall clock, for people.</summary>
    public required DateTimeOffset Wall { get; init; }

    /// <summary>The bytes that stand in the journal.</summary>
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, IntakeJson.Default.Approval);

    /// <summary>Why it does not approve a request, or null when it does.</summary>
    /// <param name="request">Id of the request at hand.</param>
    /// <param name="boot">This boot.</param>
    /// <param name="age">Time since it was given; only looked at when it was never used.</param>
    /// <param name="isUsed">Whether it has let this run through before.</param>
    /// <param name="timeout">How long it may lie unused.</param>
    public string? WhyVoid(Digest request, string boot, TimeSpan age, bool isUsed, TimeSpan timeout)
    {
        if (Request != request.ToString())
        {
            return $"the approval is for request {Request[..Math.Min(8, Request.Length)]}, this is {request.Short}";
        }

        if (Boot != boot)
        {
            return "the approval was given in another boot";
        }

        return !isUsed && age > timeout ? "the approval has expired" : null;
    }

    /// <summary>Reads one from its bytes.</summary>
    /// <exception cref="JsonException">They are not an approval.</exception>
    public static Approval Parse(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, IntakeJson.Default.Approval) ?? throw new JsonException("the approval is null");
}

/// <summary>A no, or an end, as evidence: "denied" with the id of the request, or "cancelled".</summary>
public sealed record OperatorAct(string What, string? Request, uint Uid, string? Tty, DateTimeOffset Wall);

/// <summary>A source that the operator added, as evidence.</summary>
public sealed record AddedSource(string Path, uint Uid, string? Tty, DateTimeOffset Wall);
