using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Restoring;

/// <summary>A file that exists, empty, and waits for its content.</summary>
/// <param name="File">Open for writing; closed by the restorer.</param>
/// <param name="Entry">What it is to become.</param>
/// <param name="Path">For messages.</param>
internal sealed record FileJob(int File, Entry Entry, byte[] Path);

/// <summary>Writes the contents of files. One for each thread.</summary>
internal sealed class FileRestorer(ArtifactReader artifacts, RestoreReport report)
{
    private readonly TreeReader _tree = new(artifacts);
    private byte[] _buffer = new byte[1 << 20];

    internal void Run(FileJob job)
    {
        try
        {
            var written = Write(job);
            if (job.Entry.Kind != EntryKind.Image)
            {
                EntryMetadata.ApplyTo(job.File, job.Entry, job.Path, report);
            }

            report.CountBytes(written);
            report.CountEntry();
        }
        finally
        {
            _ = Posix.Close(job.File);
        }
    }

    private long Write(FileJob job)
    {
        var (offset, written, bad) = (0L, 0L, 0L);
        foreach (var item in _tree.Leaves(job.Entry.Content))
        {
            switch (item.Kind)
            {
                case ContentKind.Artifact when TryRead(item, job.Path) is { IsEmpty: false } bytes:
                    Check(Posix.WriteAll(job.File, bytes, offset), job.Path);
                    written += item.Length;
                    break;
                case ContentKind.BadRange:
                    report.Add(job.Path, BadRangeText.Of(offset, item));
                    bad += item.Length;
                    break;
                case ContentKind.Artifact:
                    bad += item.Length;
                    break;
                default:
                    break;
            }

            offset += item.Length;
        }

        if (written < offset)
        {
            Check(Posix.Truncate(job.File, offset), job.Path);
        }

        if (bad > 0)
        {
            report.Add(job.Path, $"{bad} of its {offset} bytes are unknown and were left unwritten");
        }

        return written;
    }

    /// <summary>The artifact's bytes; empty, and reported, when the store is damaged there: the rest of the file is still restored.</summary>
    private ReadOnlySpan<byte> TryRead(ContentItem item, byte[] path)
    {
        if (_buffer.Length < item.Length)
        {
            _buffer = new byte[StoreFormat.ArtifactBytesMax];
        }

        var raw = _buffer.AsSpan(0, (int)item.Length);
        try
        {
            artifacts.Read(item.Key, raw);
            return raw;
        }
        catch (AslException exception) when (ExitCodes.For(exception.Error.Code) == ExitCodes.StoreDamaged || exception.Error.Code == ErrorCode.ArtifactMissing)
        {
            report.Add(path, $"{exception.Error.What} ({exception.Error.Where}): {exception.Error.Why}");
            return [];
        }
    }

    private static void Check(int result, byte[] path)
    {
        if (result < 0)
        {
            throw new AslException(new AslError(ErrorCode.TargetIo, "a file cannot be written")
            {
                Where = Printable.Bytes(path),
                Why = Errno.Text(result),
                Fix = "make room on the target, then restore into another, empty directory",
            });
        }
    }
}
