using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Benchmarks;

/// <summary>How much time and memory it takes to make the segments of a large group again, from blocks that are nothing but footers.</summary>
internal static class RebuildScale
{
    private const int RowsPerBlock = 4096;

    internal static void Run(long count, string folder)
    {
        Directory.CreateDirectory(folder);
        using var backend = new DirectoryBackend(folder);
        List<AddedBlock> blocks = [];
        var number = 0L;
        while (number < count)
        {
            blocks.Add(WriteBlock(backend, ref number));
        }

        var snapshot = NewSnapshot(blocks);
        var format = new StoreFormat();
        var rebuild = new GroupRebuild(backend, format);
        rebuild.Add(snapshot);
        var (before, watch) = (Peak(), Stopwatch.StartNew());
        var segments = rebuild.Render(new([snapshot.Run], []), (_, _) => { });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{segments.Sum(segment => segment.Count)} rows, {segments.Count} segments: {watch.Elapsed.TotalSeconds:F1} s, peak {before >> 20} MiB before, {Peak() >> 20} MiB after"));
    }

    /// <summary>Artifacts of one byte each, under random names: nobody reads them.</summary>
    private static AddedBlock WriteBlock(DirectoryBackend backend, ref long number)
    {
        var offset = BlockFooter.HeaderBytes + RowsPerBlock;
        var file = new byte[offset + BlockFooter.BytesFor(RowsPerBlock)];
        BlockFooter.WriteHeader(file, BlockContent.Chunks);
        BlockEntry[] entries =
        [
            .. Enumerable.Range(0, RowsPerBlock).Select(row => new BlockEntry(
                new Digest(RandomNumberGenerator.GetBytes(Digest.Length)), BlockFooter.HeaderBytes + row, 1, 1, Codec.Stored, 0, default)),
        ];
        var name = BlockFooter.Write(file.AsSpan(offset), file.AsSpan(0, BlockFooter.HeaderBytes), offset, entries);
        var path = Path.Combine(backend.Location, ObjectName.Block(name).Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file);
        number += RowsPerBlock;
        return new(name, file.Length, BlockContent.Chunks);
    }

    private static Snapshot NewSnapshot(IReadOnlyList<AddedBlock> blocks) => new()
    {
        Domain = "benchmark",
        Run = "run",
        Started = default,
        Created = default,
        Root = default,
        Side = [],
        Sources = [],
        Groups = [],
        Blocks = blocks,
        Counts = new(),
        Case = new(null, null, null),
        Problems = [],
        Origin = new("", "", "", ""),
        Journal = (1, default),
        Format = default,
        Evidence = [],
    };

    private static long Peak() => Process.GetCurrentProcess().PeakWorkingSet64;
}
