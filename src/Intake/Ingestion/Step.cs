using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// One thing that the walker found, on its way through the pipeline: made by the walker in walk order, prepared by any worker in any
/// order, applied by the assembler in walk order again.
/// </summary>
internal abstract class Step
{
    /// <summary>How long a wait may overlook a cancellation.</summary>
    internal const int CancellationPollMilliseconds = 200;

    /// <summary>Bytes that a worker will read or hash for it.</summary>
    internal virtual long Bytes => 0;

    /// <summary>Whether a worker has something to do.</summary>
    internal virtual bool NeedsWorker => false;

    /// <summary>The work that may happen in any order, on a worker's thread.</summary>
    internal virtual void Prepare(Worker worker)
    {
    }

    /// <summary>The work that must happen in walk order, on the assembler's thread.</summary>
    internal abstract void Apply(TreeAssembler assembler);

    /// <summary>Gives back what the step holds when nobody will prepare it any more.</summary>
    internal virtual void Abandon()
    {
    }
}

/// <summary>A folder is entered; its entries follow, then <see cref="FolderEnd"/>.</summary>
internal sealed class FolderStart(FoundEntry found) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.OpenFolder(found);
}

/// <summary>The entries of a folder are complete.</summary>
/// <param name="problem">Why they may not be; null when they are.</param>
internal sealed class FolderEnd(ProblemFound? problem) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.CloseFolder(problem);
}

/// <summary>An entry that is complete as it was found: a link, a device, an unchanged file, a name that could not be read.</summary>
internal sealed class FinishedEntry(FoundEntry found, long unchangedBytes = -1) : Step
{
    internal override void Apply(TreeAssembler assembler)
    {
        if (unchangedBytes >= 0)
        {
            assembler.CountUnchanged(unchangedBytes);
        }

        assembler.AddEntry(found);
    }
}

/// <summary>A further name of an inode that was found before.</summary>
/// <param name="found">The name.</param>
/// <param name="inode">The inode.</param>
/// <param name="byItself">Reads the file under this name, should it not have been possible under the first; null unless it is a file.</param>
internal sealed class FurtherHardLink(FoundEntry found, InodeKey inode, FileStep? byItself) : Step
{
    internal override void Apply(TreeAssembler assembler)
    {
        if (byItself is not null && assembler.WasLost(inode, found.Side))
        {
            assembler.ReadNow(byItself);
            return;
        }

        byItself?.Abandon();
        assembler.AddHardLink(found, inode);
    }
}

/// <summary>The content of a long file starts; batches follow, then <see cref="FileEnd"/>.</summary>
internal sealed class FileStart(byte[] path, SourceIdentity identity, IReadOnlyList<CheckpointPart> known) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.OpenFile(path, identity, known);
}

/// <summary>The content of a long file is complete.</summary>
internal sealed class FileEnd(FoundEntry found, bool isStable) : Step
{
    internal override void Apply(TreeAssembler assembler) => assembler.CloseFile(found, isStable);
}

/// <summary>An entry and what else is known of it.</summary>
/// <param name="Path">From the root of the source, raw.</param>
/// <param name="Entry">As far as it is known.</param>
/// <param name="Side">What helps the next run.</param>
/// <param name="Inode">Set when the inode has further names: the entry is kept for them.</param>
internal sealed record FoundEntry(byte[] Path, Entry Entry, SideRecord Side, InodeKey? Inode = null)
{
    /// <summary>What is wrong with it, in the order in which it was found.</summary>
    internal IReadOnlyList<ProblemFound> Problems { get; init; } = [];
}

/// <summary>A problem before it has a path.</summary>
internal sealed record ProblemFound(ProblemKind Kind, int? Errno, string Text)
{
    internal static ProblemFound OfErrno(ProblemKind kind, string what, long errno) =>
        new(kind, (int)Math.Abs(errno), $"{what}: {Shared.Interop.Errno.Text(errno)}");
}

/// <summary>An inode and how many names it has.</summary>
internal readonly record struct InodeKey((uint Major, uint Minor) Device, ulong Inode, uint LinkCount)
{
    internal static InodeKey Of(in FileStatus status) => new(status.Device, status.Inode, status.LinkCount);
}

/// <summary>A part of a file's content, prepared: an item, and where its bytes lie in the step's buffer when it is a chunk.</summary>
internal readonly record struct PreparedPiece(ContentItem Item, int Start, int Length);
