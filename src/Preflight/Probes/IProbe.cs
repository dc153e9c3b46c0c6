using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Looks at one side of the machine. A probe only looks: it loads no module, imports, mounts and brings up nothing, and opens no
/// device for writing. It may be slow, hang or throw: whoever runs it makes `unknown` of what it has not said by then.
/// </summary>
public interface IProbe
{
    /// <summary>For people: "pools".</summary>
    string Name { get; }

    /// <summary>After this time it is left behind.</summary>
    TimeSpan Budget { get; }

    /// <summary>The facts it gives, all of them.</summary>
    IReadOnlyList<string> Facts { get; }

    /// <summary>Looks, and notes each fact as soon as it is known.</summary>
    Task LookAsync(ProbeContext context, CancellationToken cancellationToken);
}

/// <summary>What a probe has.</summary>
/// <param name="Machine">What to look at.</param>
/// <param name="Settings">What the configuration says.</param>
/// <param name="Issued">The day the decision table was issued; null when there is no table. It is known when the table has been proved, which goes on meanwhile.</param>
/// <param name="Sheet">Where facts go.</param>
public sealed record ProbeContext(Machine Machine, PreflightSettings Settings, Task<DateOnly?> Issued, FactSheet Sheet)
{
    /// <summary>What udev still has to do.</summary>
    internal UdevQueue Udev { get; } = new(Machine);

    /// <summary>Whether zpool may scan for pools as a second witness.</summary>
    public bool IsScanAllowed { get; init; }
}
