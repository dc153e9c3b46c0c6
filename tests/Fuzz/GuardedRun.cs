namespace AslRescue.Fuzz;

/// <summary>Runs a target on an input, and holds it to its time and its memory.</summary>
internal static class GuardedRun
{
    /// <summary>Of the processor, not of the clock: a machine that has much to do makes no finding. A loop without an end is cut by whoever runs this.</summary>
    private static readonly TimeSpan ProcessorTimeMax = TimeSpan.FromSeconds(1);

    /// <exception cref="Exception">A finding.</exception>
    internal static void Run(FuzzTarget target, byte[] input)
    {
        if (input.Length > target.InputBytesMax)
        {
            return;
        }

        var (time, bytes) = Measure(target, input);
        for (var again = 0; time > ProcessorTimeMax && again < 3; again++)
        {
            time = Measure(target, input).Time; // The time is the whole process's: what compiles or collects beside it does not do so each time.
        }

        FuzzTarget.Holds(bytes <= target.BytesFixed + (target.BytesPerByte * input.Length), $"{bytes} bytes were allocated for an input of {input.Length}");
        FuzzTarget.Holds(time <= ProcessorTimeMax, $"an input of {input.Length} bytes took {time.TotalSeconds:F1} s");
    }

    private static (TimeSpan Time, long Bytes) Measure(FuzzTarget target, byte[] input)
    {
        var (time, bytes) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread());
        target.Parse(input);
        return (Environment.CpuUsage.TotalTime - time, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }
}
