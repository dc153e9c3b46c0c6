namespace AslRescue.Store.Inspection;

/// <summary>Where an object is damaged first: what an inspector wants to see the bytes of.</summary>
public static class FirstDamage
{
    /// <summary>The offset; 0 when nothing is found to be damaged.</summary>
    public static long Of(InspectedFile file, ObjectGuess guess) => guess switch
    {
        ObjectGuess.Block => OfBlock(file, new InspectedBlock(file)),
        ObjectGuess.Segment => new InspectedSegment(file) is var segment ? First(segment.Damages.Concat(segment.Survey().Damages)) : 0,
        ObjectGuess.Snapshot => First(new InspectedSnapshot(file).Damages),
        ObjectGuess.Journal => First(InspectedLog.Journal().Read(file)),
        ObjectGuess.Seal => First(InspectedLog.Seals().Read(file)),
        _ => 0,
    };

    private static long OfBlock(InspectedFile file, InspectedBlock block)
    {
        using var check = new FrameCheck(file, block.Shift);
        return First(block.Damages.Concat(block.Frames().SelectMany(frame => check.Run(frame, isDeep: false).Damages)));
    }

    /// <summary>What a wrong name or hash says is that something is wrong somewhere: a place says more.</summary>
    private static long First(IEnumerable<Damage> damages) => damages.OrderBy(damage => damage.Offset == 0 && damage.Length > 8).ThenBy(damage => damage.Offset).Select(damage => damage.Offset).FirstOrDefault();

    private static long First(IEnumerable<InspectedLine> lines) => lines.FirstOrDefault(line => line.Chain is ChainState.Damaged or ChainState.Forked)?.Offset ?? 0;
}
