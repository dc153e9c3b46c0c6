using System.Diagnostics;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;

namespace AslRescue.Benchmarks;

/// <summary>
/// What look-ups cost, and that memory does not grow with the store. Writing and looking up are two processes: the first time the segments
/// are written and the group noted down, the second time (the same arguments) they are looked up.
/// </summary>
internal static class IndexScale
{
    private const int LookUps = 500_000;

    internal static void Run(long count, string folder)
    {
        Directory.CreateDirectory(folder);
        using var directory = new DirectoryBackend(folder);
        var list = Path.Combine(folder, "group");
        if (!File.Exists(list))
        {
            var watch = Stopwatch.StartNew();
            var written = SyntheticIndex.Write(directory, new StoreFormat(), count);
            File.WriteAllLines(list, written.Segments.Select(segment => $"{segment.Name} {segment.Count} {segment.First} {segment.Last}"));
            Print($"wrote {count} artifacts in {written.Segments.Count} segments: {watch.Elapsed.TotalSeconds:f1} s, peak {Peak} MiB");
            return;
        }

        using var backend = new CountingBackend(directory);
        using var index = new ArtifactIndex(backend, [ReadGroup(list)]);
        Measure("new artifact", backend, number => index.Contains(Missing(number)), expected: false);
        Measure("new artifact again", backend, number => index.Contains(Missing(number)), expected: false);
        Measure("known artifact", backend, number => index.Contains(Known(number, count)), expected: true);
        Measure("place of a known artifact", backend, number => index.TryFind(Known(number, count), out _), expected: true);
        Print($"{count} artifacts, {index.Groups[0].Segments.Count} segments, peak {Peak} MiB, managed heap {GC.GetTotalMemory(true) >> 20} MiB");
    }

    private static long Peak => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..^2], CultureInfo.InvariantCulture) >> 10;

    private static SegmentGroup ReadGroup(string list) => new(["synthetic"],
    [
        .. File.ReadLines(list).Select(line => line.Split(' '))
            .Select(part => new SegmentSummary(Digest.Parse(part[0]), long.Parse(part[1], CultureInfo.InvariantCulture), Digest.Parse(part[2]), Digest.Parse(part[3]))),
    ]);

    private static Digest Missing(int number) => Digest.Of(BitConverter.GetBytes(number));

    private static Digest Known(int number, long count) => SyntheticIndex.Key((long)(Missing(number).Prefix % (ulong)count), count);

    private static void Measure(string what, CountingBackend backend, Func<int, bool> lookUp, bool expected)
    {
        var (before, processor, watch) = (backend.Count, Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.StartNew());
        for (var number = 0; number < LookUps; number++)
        {
            if (lookUp(number) != expected)
            {
                throw new InvalidOperationException($"look-up {number} of a {what} gave {!expected}");
            }
        }

        var used = Process.GetCurrentProcess().TotalProcessorTime - processor;
        Print($"{what}: {(backend.Count.Reads - before.Reads) / (double)LookUps:f2} reads, {(backend.Count.Bytes - before.Bytes) / LookUps} bytes, {used.TotalMicroseconds / LookUps:f2} us CPU, {watch.Elapsed.TotalMicroseconds / LookUps:f2} us");
    }

    private static void Print(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));
}
