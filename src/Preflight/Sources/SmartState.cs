using System.Text.Json;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Sources;

/// <summary>What a disk says of its own health.</summary>
/// <param name="State">"passed", "failing" or "unknown".</param>
/// <param name="Cause">Why it is unknown, or what else the disk complains of; null when there is nothing to say.</param>
public sealed record SmartState(string State, string? Cause)
{
    private const int AsleepExit = 3;
    private const int NoPowerModeExit = 5;
    private const int FailingBit = 8;
    private const int OtherBits = 0xf0;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Asks smartctl. A sleeping disk is left asleep: smartctl leaves with our own exit codes when the disk sleeps, or when it cannot tell
    /// (bridges of USB disks often cannot), which no combination of its bits gives. Since smartmontools 7.3.
    /// </summary>
    public static async Task<SmartState> AskAsync(IToolRunner tools, string device, CancellationToken cancellationToken)
    {
        var command = new ToolCommand(
            "smartctl", ["--json", "--health", "--info", $"--nocheck=standby,{AsleepExit},{NoPowerModeExit}", device], Budget);
        return await tools.RunAsync(command, cancellationToken) switch
        {
            ToolOutcome.Ran { Exit: AsleepExit } => Unknown("it sleeps, and was not woken"),
            ToolOutcome.Ran { Exit: NoPowerModeExit } => Unknown("whether it sleeps cannot be told, so it was not asked"),
            ToolOutcome.Ran ran => Read(ran.Stdout, ran.Exit),
            ToolOutcome.Missing => Unknown("smartctl is not installed"),
            ToolOutcome.TimedOut => Unknown($"smartctl did not end within {Budget.TotalSeconds} s"),
            ToolOutcome.Refused refused => Unknown($"smartctl could not be run: {refused.Reason}"),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    /// <summary>Reads what smartctl printed; smartctl(8) has the bits of its exit status.</summary>
    internal static SmartState Read(string json, int exit)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.TryGetProperty("smart_status", out var status) && status.TryGetProperty("passed", out var passed))
            {
                return passed.GetBoolean() && (exit & FailingBit) == 0
                    ? new SmartState("passed", (exit & OtherBits) != 0 ? "but its logs or attributes hold errors: smartctl --all" : null)
                    : new SmartState("failing", "the disk itself expects to fail soon: read it first");
            }

            return Unknown(Message(root) ?? "the disk tells nothing of its health");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Unknown($"smartctl printed what cannot be understood, and ended with {exit}");
        }
    }

    private static SmartState Unknown(string cause) => new("unknown", cause);

    private static string? Message(JsonElement root) =>
        root.TryGetProperty("smartctl", out var self) && self.TryGetProperty("messages", out var messages) && messages.GetArrayLength() > 0
            && messages[0].TryGetProperty("string", out var text)
            ? text.GetString()
            : null;
}
