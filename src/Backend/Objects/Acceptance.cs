using System.Collections.Concurrent;
using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;
using AslRescue.Store.Checking;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Backend.Objects;

/// <summary>
/// Decides whether content may be stored under a name (docs/backend-protocol.md, Creating). Reads the store, writes nothing.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="domains">What each domain has given.</param>
/// <param name="signers">Whether a key may sign snapshots of a domain.</param>
/// <param name="cache">Keeps segments on this machine while snapshots are checked; null where the storage is no further away.</param>
internal sealed class Acceptance(ArtifactStore store, DomainObjects domains, SignerList signers, ObjectCache? cache = null)
{
    // Trees may be made so that walking them takes for ever.
    private static readonly TimeSpan WalkTimeMax = TimeSpan.FromMinutes(10);
    private readonly ConcurrentBag<ArtifactDecoder> _decoders = [];
    private readonly IBackend _checked = cache is null ? store.Backend : new CheckedStorage(store.Backend, cache);

    /// <summary>Null when it may; else what is wrong with it.</summary>
    /// <exception cref="AslException">The storage fails, or what it holds already is damaged: no fault of whoever sent it, and sending it again is of no use.</exception>
    internal AslError? WhyNot(ObjectPath path, Body body, string domain) => path.Kind switch
    {
        ObjectKind.Block => CheckBlock(path, body),
        ObjectKind.Segment => CheckSegment(path, body, domain),
        ObjectKind.Snapshot => CheckSnapshot(path, body, domain, withTrees: true),
        ObjectKind.Seal => CheckSeal(path, body),
        ObjectKind.RunRecords => CheckRecords(path, body),
        ObjectKind.Signature => CheckSignature(path, body, domain),
        ObjectKind.Format => body.Bytes.SequenceEqual(store.Format.ToBytes()) ? null : Refused("the store has its format already"),
        _ => null,
    };

    /// <summary>
    /// The same of a segment or snapshot that was taken in for the domain before. A snapshot that no seal names yet is going to be sealed, on what is there now: blocks may have been
    /// taken away since it was checked. Its trees are as they were then.
    /// </summary>
    internal AslError? WhyNotAgain(ObjectPath path, Body body, string domain) => path.Kind != ObjectKind.Snapshot || domains.IsSealed(domain, path.Digest) ? null
        : CheckSnapshot(path, body, domain, withTrees: false);

    /// <summary>Reads back from the medium what was created just now, or, where the name says what it holds, what was there already.</summary>
    /// <exception cref="AslException">It is not what was sent: the object that is there is damaged.</exception>
    internal void ReadBack(ObjectPath path, Body body)
    {
        if (store.Backend.ReadsBack)
        {
            return;
        }

        if (path.Kind == ObjectKind.Block)
        {
            CheckStored(path);
        }
        else if (!store.Backend.ReadAll(path.Name, pastCache: true).AsSpan().SequenceEqual(body.Bytes))
        {
            throw Damaged(path, DamageOf(path.Kind), "its bytes on the medium are not those that were sent");
        }
    }

    /// <summary>Checks a block as its medium has it.</summary>
    /// <exception cref="AslException">BlockCorrupt.</exception>
    internal void CheckStored(ObjectPath path)
    {
        if (BlockCheck.Run(store.Backend, path.Digest, decoder: null, pastCache: true, errorsMax: 1).Errors is [var damage, ..])
        {
            throw Damaged(path, ErrorCode.BlockCorrupt, damage.Why ?? damage.What);
        }
    }

    private static ErrorCode DamageOf(ObjectKind kind) => kind switch
    {
        ObjectKind.Segment => ErrorCode.SegmentCorrupt,
        ObjectKind.Snapshot => ErrorCode.SnapshotCorrupt,
        ObjectKind.Format => ErrorCode.FormatCorrupt,
        _ => ErrorCode.LogCorrupt,
    };

    private static AslException Damaged(ObjectPath path, ErrorCode code, string why) => new(new AslError(code, "the server's disk does not hold what was stored")
    {
        Where = path.Name.Path,
        Why = why,
        Fix = "replace the server's disk or cable, and move the damaged file out of the store: it is stored again then",
    });

    private AslError? CheckBlock(ObjectPath path, Body body)
    {
        var decoder = _decoders.TryTake(out var free) ? free : new ArtifactDecoder();
        try
        {
            var errors = Understood(() => BlockCheck.Run(body.Held, path.Digest, decoder, errorsMax: 1).Errors, out var refused);
            return errors is [var first, ..] ? Refused(first.Why ?? first.What) : refused;
        }
        finally
        {
            _decoders.Add(decoder);
        }
    }

    private AslError? CheckSegment(ObjectPath path, Body body, string domain)
    {
        try
        {
            var names = domains.LookUps(domain);
            SegmentCheck.Run(store.Backend, path.Digest, body.Held, block => names.Has(ObjectName.Block(block), block));
            return null;
        }
        catch (AslException wrong) when (wrong.Error.Code == ErrorCode.SegmentCorrupt)
        {
            return Refused(wrong.Error); // No other segment is looked at.
        }
    }

    private AslError? CheckSnapshot(ObjectPath path, Body body, string domain, bool withTrees)
    {
        if (Understood(() => SnapshotCodec.Load(body.Held, path.Digest), out var refused) is not { } snapshot)
        {
            return refused;
        }

        if (snapshot.Domain != domain)
        {
            return Refused($"it is stamped with domain {Printable.Text(snapshot.Domain)}, and was sent for {domain}");
        }

        // Not stopped by a clock: whoever waits asks again, and joins it. What names so much has sent so much.
        var names = domains.LookUps(domain);
        var wrong = withTrees ? SnapshotCheck.Run(_checked, store.Format, snapshot, names.Has, WalkTimeMax, CancellationToken.None)
            : SnapshotCheck.RunNames(_checked, store.Format, snapshot, names.Has, CancellationToken.None);
        return wrong is null ? null : Refused(wrong) with { IsPermanent = wrong.IsPermanent };
    }

    private AslError? CheckSeal(ObjectPath path, Body body)
    {
        var log = new SealLog(store.Backend, path.Domain!);
        var seals = log.Read();
        if (seals.Count + 1 != path.Number)
        {
            return Refused(string.Create(CultureInfo.InvariantCulture, $"the next seal of this domain is {seals.Count + 1}"));
        }

        if (Understood(() => log.Parse(path.Number, body.Bytes.ToArray()), out var refused) is not { } seal)
        {
            return refused;
        }

        if (seal.Previous != (seals.Count > 0 ? seals[^1].Hash : default))
        {
            return Refused(string.Create(CultureInfo.InvariantCulture, $"it does not follow seal {seals.Count}"));
        }

        var snapshot = domains.Exists(ObjectName.Snapshot(seal.Snapshot)) ? SnapshotCodec.Load(store.Backend, seal.Snapshot) : null;
        if (snapshot is null || snapshot.Domain != path.Domain)
        {
            return Refused($"snapshot {seal.Snapshot.Short}… is not there, or of another domain");
        }

        return snapshot.Run == seal.Run
            ? signers.WhyNotSealed(store.Backend, seal.Snapshot, path.Domain!)
            : Refused($"the snapshot is of another run than {Printable.Text(seal.Run)}");
    }

    private AslError? CheckRecords(ObjectPath path, Body body)
    {
        if (Understood(() => ReadRecords(path, body.Held, path.Number), out var refused) is not { } records)
        {
            return refused;
        }

        if (records.Count == 0 || records.Where((record, index) => record.Sequence != path.Number + index).Any())
        {
            return Refused("its records are not those that its name says, one behind the other");
        }

        if (path.Number == 1)
        {
            return records[0].Previous == default ? null : Refused("record 1 follows nothing");
        }

        // Most hold one record; a folder of a long run has very many.
        var before = domains.Exists(ObjectName.RunRecords(path.Domain!, path.Run!, path.Number - 1)) ? path.Number - 1
            : store.Backend.ListNumbers(ObjectName.RunFolder(path.Domain!, path.Run!)).LastOrDefault(number => number < path.Number);
        if (before == 0)
        {
            return Refused(string.Create(CultureInfo.InvariantCulture, $"there is no record before {path.Number}"));
        }

        var last = ReadRecords(path, store.Backend, before)[^1];
        return last.Sequence + 1 == path.Number && last.Hash == records[0].Previous ? null
            : Refused(string.Create(CultureInfo.InvariantCulture, $"it does not follow record {last.Sequence}, the last one that is there"));
    }

    private static IReadOnlyList<JournalRecord> ReadRecords(ObjectPath path, IBackend backend, long number)
    {
        var name = ObjectName.RunRecords(path.Domain!, path.Run!, number);
        return new JournalReader(path.Run!, allowGaps: true).Read(name.Path, backend.ReadAll(name));
    }

    private AslError? CheckSignature(ObjectPath path, Body body, string domain) =>
        domains.DomainOf(path.Digest) is { } of && of != domain ? Refused("the snapshot is of another domain")
            : signers.WhyNotSigned(path.Digest, path.Last, body.Bytes, domain);

    /// <summary>What a body says; null, and why not, when it cannot be understood. Nothing else is read by <paramref name="read"/>: damage elsewhere is the server's.</summary>
    private static T? Understood<T>(Func<T> read, out AslError? refused) where T : class
    {
        try
        {
            refused = null;
            return read();
        }
        catch (AslException wrong)
        {
            refused = Refused(wrong.Error);
            return null;
        }
    }

    private static AslError Refused(AslError wrong) => Refused(wrong.Why is { } why ? $"{wrong.What}: {why}" : wrong.What);

    private static AslError Refused(string why) => new(ErrorCode.RemoteContentRefused, "the content is refused")
    {
        Why = why,
        Fix = "nothing was stored; asl-intake resume sends what is missing again",
    };
}
