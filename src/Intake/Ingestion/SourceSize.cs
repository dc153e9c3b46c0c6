using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Snapshots;

namespace AslRescue.Intake.Ingestion;

/// <summary>What sources may come to, for a display: as much as last time, or as much as their file systems hold.</summary>
internal static class SourceSize
{
    /// <summary>Bytes of all sources, about; null when one of them does not tell without being walked.</summary>
    /// <param name="backend">Where the snapshots before lie.</param>
    /// <param name="sources">Their paths.</param>
    /// <param name="parents">For each the snapshot that has it already.</param>
    /// <param name="imageSize">The size of those that are read as one piece.</param>
    internal static long? Expected(IBackend backend, IReadOnlyList<string> sources, IReadOnlyList<Digest?> parents, Func<int, long?> imageSize)
    {
        int[] trees = [.. Enumerable.Range(0, sources.Count).Where(index => imageSize(index) is null)];
        long? sum = Enumerable.Range(0, sources.Count).Sum(index => imageSize(index) ?? 0);
        sum = trees.Select(index => parents[index]).OfType<Digest>().Distinct().Aggregate(sum, (total, parent) => total + OfSnapshot(backend, parent));
        return trees.Where(index => parents[index] is null).Aggregate(sum, (total, index) => total + OfPath(sources[index]));
    }

    private static long? OfSnapshot(IBackend backend, Digest name)
    {
        try
        {
            return SnapshotCodec.Load(backend, name).Counts.SourceBytes;
        }
        catch (AslException)
        {
            return null; // Damaged: it is no parent, and verify reports it.
        }
    }

    private static long? OfPath(string path)
    {
        var raw = Encoding.UTF8.GetBytes(path);
        if (Posix.StatAt(Posix.WorkingDirectory, raw, out var status) < 0)
        {
            return null;
        }

        return status.Kind switch
        {
            FileKind.Regular => status.Size,
            FileKind.Directory when IsRootOfFileSystem(raw, status) => UsedBytes(path),
            _ => null,
        };
    }

    private static bool IsRootOfFileSystem(byte[] path, FileStatus status) =>
        Posix.StatAt(Posix.WorkingDirectory, [.. path, .. "/.."u8], out var above) >= 0
        && (above.Device != status.Device || above.Inode == status.Inode);

    private static long? UsedBytes(string path)
    {
        try
        {
            var drive = new DriveInfo(path);
            return drive.TotalSize - drive.TotalFreeSpace;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
