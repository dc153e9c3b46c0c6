using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Checking;

/// <summary>Whether all that a snapshot from elsewhere refers to is there: what must hold before it may be sealed.</summary>
public static class SnapshotCheck
{
    private const string Sealing = "sealing";
    private const int LookUpsAtOnce = 8; // Each may wait for a network.

    /// <summary>
    /// Checks format, base, the record of its run's journal that seals it, the segments that it pins, the blocks that it and they name, and walks its trees: every
    /// listing must be readable and every chunk in the segments.
    /// </summary>
    /// <param name="backend">Where all that lies.</param>
    /// <param name="format">The store's.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="mayName">Whether it may refer to a block or segment, which is there then. Asked by several threads.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null, or the first thing that is wrong with it.</returns>
    /// <exception cref="AslException">The backend fails, or what lies there is damaged: that says nothing about the snapshot.</exception>
    public static AslError? Run(IBackend backend, StoreFormat format, Snapshot snapshot, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation = default) =>
        Run(backend, format, snapshot, mayName, Timeout.InfiniteTimeSpan, cancellation);

    /// <summary>The same, with an end to walking the trees: they may be made so that it takes for ever. All else takes as long as what the snapshot names is much.</summary>
    /// <param name="backend">Where all that lies.</param>
    /// <param name="format">The store's.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="mayName">Whether it may refer to a block or segment, which is there then. Asked by several threads.</param>
    /// <param name="walkTimeMax">So long the trees are walked; then the error is not permanent.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null, or the first thing that is wrong with it.</returns>
    /// <exception cref="AslException">The backend fails, or what lies there is damaged: that says nothing about the snapshot.</exception>
    public static AslError? Run(IBackend backend, StoreFormat format, Snapshot snapshot, Func<ObjectName, Digest, bool> mayName, TimeSpan walkTimeMax, CancellationToken cancellation = default) =>
        RunNames(backend, format, snapshot, mayName, cancellation)
        ?? (CheckTreesInTime(backend, snapshot, walkTimeMax, cancellation) is { } wrong ? UnlessRotten(backend, snapshot, wrong, cancellation) : null);

    /// <summary>The same without the trees: for a snapshot that was checked before, of which anything that it names may have been taken away since.</summary>
    /// <inheritdoc cref="Run(IBackend, StoreFormat, Snapshot, Func{ObjectName, Digest, bool}, CancellationToken)"/>
    public static AslError? RunNames(IBackend backend, StoreFormat format, Snapshot snapshot, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation = default) =>
        CheckBase(backend, format, snapshot) ?? CheckJournal(backend, snapshot) ?? CheckNames(backend, snapshot, mayName, cancellation);

    /// <summary>The same for a snapshot that is sealed already: its data does not depend on the record, which may be missing. It may not be another one.</summary>
    internal static AslError? RunSealed(IBackend backend, StoreFormat format, Snapshot snapshot, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation) =>
        CheckBase(backend, format, snapshot) ?? CheckJournal(backend, snapshot, mayBeLost: true) ?? CheckNames(backend, snapshot, mayName, cancellation) ?? CheckTrees(backend, snapshot, cancellation);

    private static AslError? CheckBase(IBackend backend, StoreFormat format, Snapshot snapshot)
    {
        if (snapshot.Format != format.Digest)
        {
            return Refused(snapshot, "it was made with another format.toml than the store's");
        }

        if (!ObjectPath.IsPart(snapshot.Run) || !ObjectPath.IsPart(snapshot.Domain))
        {
            return Refused(snapshot, "its run or domain cannot be a part of a path");
        }

        if (snapshot.Journal is null)
        {
            return Refused(snapshot, "it is a draft: it names no sealing record");
        }

        if (snapshot.Base is not var (number, name))
        {
            return null;
        }

        var seals = new SealLog(backend, snapshot.Domain).Read();
        return number >= 1 && number <= seals.Count && seals[(int)number - 1].Snapshot == name ? null
            : Refused(snapshot, string.Create(CultureInfo.InvariantCulture, $"its base, seal {number} with snapshot {name.Short}…, is none of this domain's log"));
    }

    /// <summary>A snapshot is of the run whose journal says so: the sealing record that it names has the digest of all else that it says.</summary>
    private static AslError? CheckJournal(IBackend backend, Snapshot snapshot, bool mayBeLost = false)
    {
        var (sequence, hash) = snapshot.Journal!.Value;
        var found = new RunLog(backend, snapshot.Domain, snapshot.Run).TryRead(sequence);
        if (found is not { } record || record.Hash != hash)
        {
            return found is null && mayBeLost ? null : Refused(snapshot, string.Create(CultureInfo.InvariantCulture, $"record {sequence} of its run's journal, which it names, is not there or another one"));
        }

        return record.Kind == Sealing && Digest.TryParse(record.Text("digest"), out var draft) && draft == Digest.Of(SnapshotCodec.Encode(snapshot with { Journal = null })) ? null
            : Refused(snapshot, string.Create(CultureInfo.InvariantCulture, $"record {sequence} of its run's journal does not seal it"));
    }

    private static AslError? CheckNames(IBackend backend, Snapshot snapshot, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation)
    {
        List<Digest> added = [.. snapshot.Blocks.Select(block => block.Name)];
        HashSet<Digest> known = [];
        if (added.FirstOrDefault(block => !known.Add(block)) is var twice && known.Count < added.Count)
        {
            return new AslError(ErrorCode.SnapshotCorrupt, $"the snapshot of run {Printable.Text(snapshot.Run)} is corrupt")
            {
                Why = $"it lists block {twice.Short}… twice",
                Fix = "report it with the output of: asl-admin verify",
            };
        }

        if (BlockFooters.FirstError(backend, added, index => mayName(ObjectName.Block(added[index]), added[index]) ? null : Refused(snapshot, $"block {added[index].Short}… is not there"),
            (index, footer) => footer.FileLength == snapshot.Blocks[index].FileLength ? null : Refused(snapshot, $"block {added[index].Short}… has another length than it says"),
            cancellation) is { } lacking)
        {
            return lacking;
        }

        foreach (var group in snapshot.Groups)
        {
            if (CheckGroup(backend, snapshot, group, known, mayName, cancellation) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether a group's segments and their blocks are there, and the segments what the snapshot says of them, one behind the other: by that every later run
    /// looks up what is stored already.
    /// </summary>
    private static AslError? CheckGroup(IBackend backend, Snapshot snapshot, SegmentGroup group, HashSet<Digest> known, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation)
    {
        SegmentSummary? before = null;
        foreach (var segment in group.Segments)
        {
            if (!mayName(ObjectName.Segment(segment.Name), segment.Name))
            {
                return Refused(snapshot, $"segment {segment.Name.Short}… is not there");
            }

            var (summary, blocks) = SegmentCheck.Look(backend, segment.Name);
            if (summary != segment)
            {
                SegmentCheck.CheckName(backend, segment.Name); // It may have rotted.
                return Refused(snapshot, $"segment {segment.Name.Short}… has other rows than it says");
            }

            if (segment.First > segment.Last || segment.First <= before?.Last)
            {
                return Refused(snapshot, $"segment {segment.Name.Short}… does not stand in the order of its keys");
            }

            if (FirstMissing([.. blocks.Where(known.Add)], ObjectName.Block, mayName, cancellation) is { } missing)
            {
                SegmentCheck.CheckName(backend, segment.Name);
                return Refused(snapshot, $"block {missing.Short}…, which segment {segment.Name.Short}… names, is not there");
            }

            before = segment;
        }

        return null;
    }

    private static Digest? FirstMissing(IReadOnlyList<Digest> names, Func<Digest, ObjectName> nameOf, Func<ObjectName, Digest, bool> mayName, CancellationToken cancellation)
    {
        try
        {
            return names.AsParallel().AsOrdered().WithDegreeOfParallelism(LookUpsAtOnce).WithCancellation(cancellation)
                .Where(name => !mayName(nameOf(name), name)).Select(name => (Digest?)name).FirstOrDefault();
        }
        catch (AggregateException failures) when (failures.InnerExceptions.OfType<AslException>().FirstOrDefault() is { } failure)
        {
            throw new AslException(failure.Error, failures);
        }
    }

    private static AslError? CheckTreesInTime(IBackend backend, Snapshot snapshot, TimeSpan timeMax, CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource(timeMax);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        try
        {
            return CheckTrees(backend, snapshot, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Refused(snapshot, string.Create(CultureInfo.InvariantCulture, $"its trees could not be walked within {timeMax.TotalMinutes} minutes")) with
            {
                IsPermanent = false, // There may have been much else to do.
            };
        }
    }

    /// <summary>An error of the trees, unless it is the store's: of large segments only the rows that are needed are read, and one that rotted lacks what it had.</summary>
    private static AslError UnlessRotten(IBackend backend, Snapshot snapshot, AslError wrong, CancellationToken cancellation)
    {
        foreach (var segment in wrong.IsPermanent ? snapshot.Groups.SelectMany(group => group.Segments) : [])
        {
            cancellation.ThrowIfCancellationRequested();
            SegmentCheck.CheckName(backend, segment.Name);
        }

        return wrong;
    }

    /// <summary>Ends at the first error: what comes behind it may take for ever, and would hide it.</summary>
    private static AslError? CheckTrees(IBackend backend, Snapshot snapshot, CancellationToken cancellation)
    {
        using var index = new ArtifactIndex(backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(backend, index);
        try
        {
            new TreeCheck(artifacts, index, [], (_, error) => throw new AslException(error), cancellation).Run(snapshot);
            return null;
        }
        catch (AslException wrong) when (IsOfTrees(wrong.Error))
        {
            return wrong.Error;
        }
    }

    /// <summary>Whether an error is one of the trees themselves, which whoever made them is told; all else is of where they lie.</summary>
    private static bool IsOfTrees(AslError error) => error.Code is ErrorCode.TreeCorrupt or ErrorCode.ArtifactMissing;

    private static AslError Refused(Snapshot snapshot, string why) => new(ErrorCode.RemoteContentRefused, $"the snapshot of run {Printable.Text(snapshot.Run)} is not accepted")
    {
        Why = why,
        Fix = "store what is missing first; asl-intake resume does so",
    };
}
