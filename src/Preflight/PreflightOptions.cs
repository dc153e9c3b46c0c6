namespace AslRescue.Preflight;

/// <summary>How to run preflight.</summary>
public sealed record PreflightOptions
{
    /// <summary>"/", a staged tree, or a recorded machine.</summary>
    public string Root { get; init; } = "/";

    /// <summary>The decision table, as it is opened: the root is not put before it.</summary>
    public required string TablePath { get; init; }

    /// <summary>The configuration.</summary>
    public required PreflightSettings Settings { get; init; }

    /// <summary>Look and decide, and write nothing at all.</summary>
    public bool IsReportOnly { get; init; }

    /// <summary>
    /// Ask `zpool import` too, where the module is loaded already. Only by hand: a scan has been known to crash a kernel, and a
    /// unit without access to /dev/zfs cannot make one.
    /// </summary>
    public bool IsScanAllowed { get; init; }

    /// <summary>What evaluates the rows.</summary>
    public Decisions.IRowEvaluator Evaluator { get; init; } = new Decisions.MaskEvaluator();
}
