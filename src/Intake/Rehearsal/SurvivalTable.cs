namespace AslRescue.Intake.Rehearsal;

/// <summary>What became of a run that met a fault.</summary>
public enum Fate
{
    /// <summary>It was sealed, and nobody had to do anything that the undisturbed run did not need.</summary>
    ByItself,

    /// <summary>It was sealed, once somebody had approved again or made room.</summary>
    Waited,

    /// <summary>It ended without a seal; its evidence is whole and says why.</summary>
    Halted,

    /// <summary>Something is missing, damaged, or there twice; or it came to no end.</summary>
    Lost,
}

/// <summary>One point at which a fault was made to happen.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Call">The call that met it, from 1.</param>
/// <param name="Where">In which part of the plan: one of <see cref="Places"/>.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="Seals">How often it was sealed in the end: twice only where the power went between the seal and the machine's last word.</param>
/// <param name="Losses">What was lost, a line each.</param>
public sealed record RehearsedPoint(RehearsedFault Fault, int Call, string Where, Fate Fate, int Seals, IReadOnlyList<string> Losses);

/// <summary>Points of one fault in one part.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Where">In which part.</param>
/// <param name="Tried">How many.</param>
/// <param name="ByItself">See <see cref="Fate.ByItself"/>.</param>
/// <param name="Waited">See <see cref="Fate.Waited"/>.</param>
/// <param name="Halted">See <see cref="Fate.Halted"/>.</param>
/// <param name="Lost">See <see cref="Fate.Lost"/>; must be 0.</param>
public sealed record SurvivalRow(RehearsedFault Fault, string Where, int Tried, int ByItself, int Waited, int Halted, int Lost);

/// <summary>What a rehearsal found.</summary>
public sealed record SurvivalTable
{
    /// <summary>Points that there are: each fault at each call.</summary>
    public required int Points { get; init; }

    /// <summary>Calls of the undisturbed run that write, or go to a remote store.</summary>
    public required int Calls { get; init; }

    /// <summary>Points that were tried.</summary>
    public required IReadOnlyList<RehearsedPoint> Tried { get; init; }

    /// <summary>Kinds of faults.</summary>
    public required IReadOnlyList<RehearsedFault> Faults { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Approvals that somebody has to give in the undisturbed run.</summary>
    public required int Approvals { get; init; }

    /// <summary>Blocks, segments and records of the undisturbed run: how much there was to lose.</summary>
    public required (int Blocks, int Segments, int Records) Size { get; init; }

    /// <summary>The root that every run must come to.</summary>
    public required string Root { get; init; }

    /// <summary>Points at which something was lost.</summary>
    public IEnumerable<RehearsedPoint> Lost => Tried.Where(point => point.Fate == Fate.Lost);

    /// <summary>Points at which the same root was sealed a second time.</summary>
    public int SealedTwice => Tried.Count(point => point.Fate != Fate.Lost && point.Seals == 2);

    /// <summary>Points by fault and part, in the order of the faults.</summary>
    public IEnumerable<SurvivalRow> Rows =>
        from fault in Faults
        from place in Places.All
        let points = Tried.Where(point => point.Fault == fault && point.Where == place).ToList()
        where points.Count > 0
        let count = points.CountBy(point => point.Fate).ToDictionary()
        select new SurvivalRow(fault, place, points.Count,
            count.GetValueOrDefault(Fate.ByItself), count.GetValueOrDefault(Fate.Waited), count.GetValueOrDefault(Fate.Halted), count.GetValueOrDefault(Fate.Lost));
}
