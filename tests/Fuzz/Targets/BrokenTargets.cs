namespace AslRescue.Fuzz.Targets;

/// <summary>Parsers that are wrong on purpose, each for inputs that begin with "bad": whoever fuzzes must find each, or finds nothing at all. No part of a usual run.</summary>
internal static class BrokenTargets
{
    internal static IEnumerable<FuzzTarget> All =>
    [
        new("broken-exception", bytes => Bad(bytes, () => throw new KeyNotFoundException())),
        new("broken-loop", bytes => Bad(bytes, Loop)),
        new("broken-stack", bytes => Bad(bytes, () => _ = Deeper(0))),
        new("broken-memory", bytes => Bad(bytes, () => GC.KeepAlive(new byte[64 << 20]))),
    ];

    private static void Bad(byte[] bytes, Action act)
    {
        // Something that is counted, so that afl-fuzz sees a branch.
        if (Shared.Errors.Printable.Bytes(bytes).StartsWith("bad", StringComparison.Ordinal))
        {
            act();
        }
    }

    private static void Loop()
    {
        while (Environment.TickCount64 >= 0)
        {
            Thread.SpinWait(1000);
        }
    }

    private static int Deeper(int depth) => depth < 0 ? depth : Deeper(depth + 1) + 1;
}
