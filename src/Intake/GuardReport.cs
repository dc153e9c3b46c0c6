using System.Text.Json;

namespace AslRescue.Intake;

/// <summary>What the guard saw when it let the sources pass: journalled and sealed, so that an auditor can tell which disks were read.</summary>
/// <param name="Sources">In the order of the request.</param>
public sealed record GuardReport(IReadOnlyList<GuardedSource> Sources)
{
    /// <summary>The evidence.</summary>
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, IntakeJson.Default.GuardReport);
}

/// <summary>One source.</summary>
/// <param name="Path">As the request names it.</param>
/// <param name="Devices">The way from each disk under it: "/dev/sda → /dev/sda1 → /mnt/crashed".</param>
/// <param name="Warnings">What is doubtful about it.</param>
public sealed record GuardedSource(string Path, IReadOnlyList<string> Devices, IReadOnlyList<string> Warnings);
