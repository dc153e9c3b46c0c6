using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Federation;

/// <summary>What a replication did.</summary>
/// <param name="Snapshots">Seals that are new in the target.</param>
/// <param name="Objects">Objects that were copied.</param>
/// <param name="Bytes">Their bytes.</param>
public sealed record ReplicationReport(int Snapshots, long Objects, long Bytes)
{
    /// <summary>What the source lacks that no snapshot's data depends on.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>
/// Copies the sealed snapshots of a domain with all that they rest on into another store, in the order of docs/store-format.md: blocks, segments, journal,
/// snapshot, signatures, seal. Each object is created if absent, so it may be repeated, and goes on where it was stopped. Nothing is believed: blocks are
/// hashed, segments held against blocks, snapshots walked, before their seal is copied. A journal that the source has lost is noted and keeps nothing back: snapshots
/// are data, and their seals say by themselves that they count.
/// </summary>
/// <param name="source">Where they are.</param>
/// <param name="target">Where they are to be; of the same format.</param>
public sealed class Replication(ArtifactStore source, ArtifactStore target)
{
    private readonly List<string> _notes = [];
    private long _objects;
    private long _bytes;

    /// <summary>Objects copied so far, for a display on another thread.</summary>
    public long Objects => Volatile.Read(ref _objects);

    /// <summary>Bytes copied so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Copies a domain.</summary>
    /// <param name="domain">Its id.</param>
    /// <param name="signers">Asked before a snapshot is sealed in the target.</param>
    /// <param name="cancellation">Ends it between two objects.</param>
    /// <exception cref="AslException">
    /// The stores have other formats or their logs differ (StoreOccupied); something in the source is damaged; a snapshot is not signed (SignatureRefused).
    /// </exception>
    public ReplicationReport Run(string domain, SignerList signers, CancellationToken cancellation)
    {
        if (source.Format.Digest != target.Format.Digest)
        {
            throw Different("the two stores have different formats", $"{source.Backend.Location} has format {source.Format.Digest.Short}…, {target.Backend.Location} has {target.Format.Digest.Short}…");
        }

        var seals = new SealLog(source.Backend, domain).Read();
        var log = new SealLog(target.Backend, domain);
        var there = log.Read();
        for (var index = 0; index < Math.Min(seals.Count, there.Count); index++)
        {
            if (seals[index].Hash != there[index].Hash)
            {
                throw Different($"the two logs of domain {domain} differ", string.Create(CultureInfo.InvariantCulture, $"seal {index + 1} is of snapshot {seals[index].Snapshot.Short}… here and of {there[index].Snapshot.Short}… there: both were written to"));
            }
        }

        if (there.Count > 0)
        {
            log.Confirm(there[^1]); // An earlier replication may have been stopped before it was durable, and this one says that it is there.
        }

        foreach (var seal in seals.Skip(there.Count))
        {
            Copy(domain, seal, signers, cancellation);
        }

        return new(Math.Max(seals.Count - there.Count, 0), Objects, Bytes) { Notes = _notes.Count > 0 ? _notes : Array.Empty<string>() };
    }

    private void Copy(string domain, Seal seal, SignerList signers, CancellationToken cancellation)
    {
        if (signers.WhyNotSealed(source.Backend, seal.Snapshot, domain) is { } unsigned)
        {
            throw new AslException(unsigned with { Where = $"{source.Backend.Location}/{ObjectName.Snapshot(seal.Snapshot)}" });
        }

        var snapshot = SnapshotCodec.Load(source.Backend, seal.Snapshot);
        if (snapshot.Domain != domain || snapshot.Run != seal.Run || !ObjectPath.IsPart(seal.Run))
        {
            throw Different($"snapshot {seal.Snapshot.Short} is not what its seal says", $"it is of run {Printable.Text(snapshot.Run)} in {Printable.Text(snapshot.Domain)}, the seal of run {Printable.Text(seal.Run)} in {domain}");
        }

        var segments = snapshot.Groups.SelectMany(group => group.Segments).Select(segment => segment.Name).ToList();
        var blocks = segments.SelectMany(segment => SegmentCheck.BlocksOf(source.Backend, segment)).Concat(snapshot.Blocks.Select(block => block.Name)).Distinct().ToList();
        using var decoder = new ArtifactDecoder();
        Copy(blocks, ObjectName.Block, (name, held) => CheckBlock(name, held, decoder), cancellation);
        Copy(segments, ObjectName.Segment, (name, held) => SegmentCheck.Run(target.Backend, name, held, _ => true), cancellation);
        CopyRun(domain, seal.Run, cancellation);
        if (SnapshotCheck.RunSealed(target.Backend, target.Format, snapshot, (name, _) => Exists(name), cancellation) is { } wrong)
        {
            throw new AslException(wrong);
        }

        CopySnapshot(seal, snapshot);
        foreach (var item in source.Backend.List($"signatures/{seal.Snapshot}").Where(item => Digest.TryParse(item.Name, out _) && signers.MaySign(domain, item.Name)))
        {
            Copy(ObjectName.Signature(seal.Snapshot, item.Name), held => CheckSignature(seal.Snapshot, item.Name, held));
        }

        Copy(ObjectName.Seal(domain, seal.Number), held => CheckSeal(domain, seal, held));
    }

    /// <summary>Read from the source once more: a source that now gives other bytes than those that were checked must not get them in.</summary>
    private void CopySnapshot(Seal seal, Snapshot snapshot)
    {
        var sequence = snapshot.Journal!.Value.Sequence; // A draft was refused.
        var hasJournal = new RunLog(target.Backend, snapshot.Domain, snapshot.Run).TryRead(sequence) is not null;
        void Copied() => Copy(ObjectName.Snapshot(seal.Snapshot), held => SnapshotCodec.Load(held, seal.Snapshot));
        if (hasJournal)
        {
            Copied();
            return;
        }

        // Signature and seal come later: to a server it is a snapshot that anybody may have made.
        OfLostJournal(snapshot.Domain, seal.Run, Copied);
        _notes.Add(string.Create(CultureInfo.InvariantCulture,
            $"snapshot {seal.Snapshot.Short}: record {sequence} of the journal of run {seal.Run}, which seals it, is lost at the source; its data does not depend on it"));
    }

    /// <summary>A server takes no journal with a gap, and no snapshot without the record that seals it. What it then tells to do is for whoever made them.</summary>
    private static void OfLostJournal(string domain, string run, Action copy)
    {
        try
        {
            copy();
        }
        catch (AslException refused) when (refused.Error.Code == ErrorCode.RemoteContentRefused)
        {
            throw new AslException(refused.Error with
            {
                Why = $"{refused.Error.Why}; the source has lost records of the journal of run {run}, and a server takes nothing of a run without them",
                Fix = $"put back logs/{domain}/runs/{run} in the source from another copy; or replicate into a directory, which takes sealed snapshots without",
            }, refused);
        }
    }

    /// <summary>Copies those of some blocks or segments that the target lacks, and makes those durable that it has.</summary>
    private void Copy(IReadOnlyList<Digest> names, Func<Digest, ObjectName> nameOf, Action<Digest, HeldObject> check, CancellationToken cancellation)
    {
        var missing = target.Backend.Missing([.. names.Select(nameOf)]);
        foreach (var name in names.Where(name => missing.Contains(nameOf(name))))
        {
            cancellation.ThrowIfCancellationRequested();
            Copy(nameOf(name), held => check(name, held));
        }

        target.Backend.Confirm([.. names.Select(nameOf).Where(name => !missing.Contains(name))]);
    }

    private static void CheckBlock(Digest name, HeldObject held, ArtifactDecoder decoder)
    {
        if (BlockCheck.Run(held, name, decoder).Errors is [var damage, ..])
        {
            throw new AslException(damage);
        }
    }

    /// <summary>A run's journal, in order, and what it refers to first.</summary>
    private void CopyRun(string domain, string run, CancellationToken cancellation)
    {
        var items = source.Backend.List(ObjectName.RunFolder(domain, run)).Where(item => !item.IsFolder).ToList();
        foreach (var item in items.Where(item => !ObjectName.TryNumber(item.Name, out _) && ObjectPath.IsPart(item.Name)))
        {
            cancellation.ThrowIfCancellationRequested();
            Copy(ObjectName.RunObject(domain, run, item.Name), _ => { });
        }

        foreach (var number in source.Backend.ListNumbers(ObjectName.RunFolder(domain, run)))
        {
            cancellation.ThrowIfCancellationRequested();
            var name = ObjectName.RunRecords(domain, run, number);
            OfLostJournal(domain, run, () => Copy(name, held => new JournalReader(run, allowGaps: true).Read($"{source.Backend.Location}/{name}", held.Bytes.ToArray())));
        }
    }

    private void Copy(ObjectName name, Action<HeldObject> check)
    {
        using var file = source.Backend.OpenExisting(name);
        if (file.Length > BackendExtensions.ObjectBytesMax)
        {
            throw Different($"{name} is no object of this format", $"it has {file.Length} bytes");
        }

        using var bytes = new AlignedBuffer((int)Math.Max(file.Length, 1));
        file.Read(0, bytes.Span[..(int)file.Length]);
        var held = new HeldObject(name, bytes, (int)file.Length);
        check(held);
        var isNew = target.Backend.CreateSealed(name, held.Bytes);
        ReadBack(name, held);
        if (isNew)
        {
            Interlocked.Increment(ref _objects);
            Interlocked.Add(ref _bytes, file.Length);
        }
    }

    /// <summary>What is named by its bytes is read from the medium, as docs/store-format.md demands of every writer.</summary>
    private void ReadBack(ObjectName name, HeldObject held)
    {
        if (!target.Backend.ReadsBack && ObjectPath.TryParse(name.Path) is { Kind: ObjectKind.Block or ObjectKind.Segment or ObjectKind.Snapshot }
            && !target.Backend.ReadAll(name, pastCache: true).AsSpan().SequenceEqual(held.Bytes))
        {
            throw new AslException(new AslError(ErrorCode.StoreIo, "an object is not what was written a moment ago")
            {
                Where = $"{target.Backend.Location}/{name}",
                Fix = "replace the target's disk or cable, and begin again with an empty store",
            });
        }
    }

    private static void CheckSignature(Digest snapshot, string key, HeldObject held)
    {
        if (!SnapshotSignature.IsGood(Convert.FromHexString(key), snapshot, held.Bytes))
        {
            throw new AslException(new AslError(ErrorCode.SignatureRefused, $"a signature of snapshot {snapshot.Short} is not good")
            {
                Why = $"it is not of key {key[..16]}…",
                Fix = "ask whoever runs the source to take it away",
            });
        }
    }

    private void CheckSeal(string domain, Seal seal, HeldObject held)
    {
        if (new SealLog(source.Backend, domain).Parse(seal.Number, held.Bytes.ToArray()).Hash != seal.Hash)
        {
            throw Different("a seal of the source has changed", string.Create(CultureInfo.InvariantCulture, $"seal {seal.Number} of {domain} is not the one that was read before"));
        }
    }

    private bool Exists(ObjectName name)
    {
        using var found = target.Backend.Open(name);
        return found is not null;
    }

    private AslException Different(string what, string why) => new(new AslError(ErrorCode.StoreOccupied, what)
    {
        Where = target.Backend.Location,
        Why = why,
        Fix = "nothing of the target was changed; name other stores",
    });
}
