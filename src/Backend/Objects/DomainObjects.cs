using System.Collections.Concurrent;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;

namespace AslRescue.Backend.Objects;

/// <summary>What can be read below a snapshot.</summary>
internal sealed record SnapshotClosure(string Domain, IReadOnlySet<Digest> Segments, IReadOnlySet<Digest> Blocks);

/// <summary>
/// Which domain has which blocks and segments: those that it gave to a server, each marked by an empty object, and those of its sealed snapshots, which may have
/// been taken in without a server. All of it lies in the storage; what is kept here only saves looking.
/// </summary>
/// <param name="storage">The store.</param>
/// <param name="time">The clock.</param>
internal sealed class DomainObjects(IBackend storage, TimeProvider time)
{
    private const int ClosuresMax = 8;
    private const int GivenMax = 1 << 16;
    private static readonly TimeSpan SealsPeriod = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<(string Domain, Digest Name), bool> _given = [];
    private readonly ConcurrentDictionary<Digest, string> _snapshotDomains = [];
    private readonly ConcurrentDictionary<string, SealedObjects> _sealed = [];
    private readonly Lock _closuresLock = new();
    private readonly LinkedList<(Digest Name, SnapshotClosure Closure)> _closures = new();

    /// <summary>Whether the storage has an object.</summary>
    internal bool Exists(ObjectName name)
    {
        using var found = storage.Open(name);
        return found is not null;
    }

    /// <summary>Whether it was found before that a domain has a block or segment by right.</summary>
    internal bool IsRemembered(string domain, Digest digest) => _given.ContainsKey((domain, digest));

    /// <summary>Whether a domain has a block or segment by right, so that it may read and name it; whether it is there is not looked at.</summary>
    internal bool MayName(string domain, Digest digest)
    {
        if (_given.ContainsKey((domain, digest)))
        {
            return true;
        }

        if (!Exists(ObjectName.Given(domain, digest)) && !_sealed.GetOrAdd(domain, _ => new SealedObjects()).Has(storage, domain, digest, time))
        {
            return false;
        }

        Remember(domain, digest);
        return true;
    }

    /// <summary>
    /// Whether a domain may name a block or segment and it is there now: looked up each time, since what will rest on it must not rest on what somebody took
    /// away since.
    /// </summary>
    internal bool Has(string domain, ObjectName name, Digest digest) => MayName(domain, digest) && Exists(name);

    /// <summary>The same for one check of very many names.</summary>
    internal NameLookUps LookUps(string domain) => new(storage, this, domain);

    /// <summary>Whether a segment or snapshot was taken in for a domain, and is there: it was checked then.</summary>
    internal bool HasTaken(string domain, ObjectPath path) => path.Kind switch
    {
        ObjectKind.Segment => Has(domain, path.Name, path.Digest),
        ObjectKind.Snapshot => DomainOf(path.Digest) == domain && Exists(path.Name),
        _ => false,
    };

    /// <summary>Whether a seal of the domain names a snapshot.</summary>
    internal bool IsSealed(string domain, Digest snapshot) => new SealLog(storage, domain).ReadToDamage().Seals.Any(seal => seal.Snapshot == snapshot);

    /// <summary>Notes that a domain gave an object, durably.</summary>
    internal void Give(string domain, Digest digest)
    {
        storage.TryCreate(ObjectName.Given(domain, digest), []);
        Remember(domain, digest);
    }

    /// <summary>The domain that a snapshot is stamped with; null when there is none of that name, or it cannot be read.</summary>
    internal string? DomainOf(Digest snapshot)
    {
        if (_snapshotDomains.TryGetValue(snapshot, out var known))
        {
            return known;
        }

        if (!Exists(ObjectName.Snapshot(snapshot)))
        {
            return null;
        }

        try
        {
            return _snapshotDomains[snapshot] = SnapshotCodec.Load(storage, snapshot).Domain;
        }
        catch (AslException damaged) when (damaged.Error.Code == ErrorCode.SnapshotCorrupt)
        {
            return ""; // Nobody's but the administrator's.
        }
    }

    /// <summary>What a snapshot pins; null when there is none of that name.</summary>
    internal SnapshotClosure? Closure(Digest snapshot)
    {
        lock (_closuresLock)
        {
            for (var node = _closures.First; node is not null; node = node.Next)
            {
                if (node.Value.Name == snapshot)
                {
                    _closures.Remove(node);
                    _closures.AddFirst(node);
                    return node.Value.Closure;
                }
            }
        }

        if (!Exists(ObjectName.Snapshot(snapshot)))
        {
            return null;
        }

        var closure = Load(storage, SnapshotCodec.Load(storage, snapshot));
        lock (_closuresLock)
        {
            _closures.AddFirst((snapshot, closure));
            if (_closures.Count > ClosuresMax)
            {
                _closures.RemoveLast();
            }
        }

        return closure;
    }

    private void Remember(string domain, Digest digest)
    {
        if (_given.Count > GivenMax)
        {
            _given.Clear();
        }

        _given[(domain, digest)] = true;
    }

    private static SnapshotClosure Load(IBackend storage, Snapshot snapshot)
    {
        HashSet<Digest> segments = [.. snapshot.Groups.SelectMany(group => group.Segments).Select(segment => segment.Name)];
        HashSet<Digest> blocks = [.. snapshot.Blocks.Select(block => block.Name)];
        foreach (var segment in segments)
        {
            blocks.UnionWith(SegmentCheck.BlocksOf(storage, segment));
        }

        return new(snapshot.Domain, segments, blocks);
    }

    /// <summary>The blocks and segments of the sealed snapshots of one domain, kept up as seals are added.</summary>
    private sealed class SealedObjects
    {
        private readonly Lock _lock = new();
        private readonly HashSet<Digest> _objects = [];
        private long _seals;
        private long? _looked;

        internal bool Has(IBackend storage, string domain, Digest digest, TimeProvider time)
        {
            lock (_lock)
            {
                if (!_objects.Contains(digest) && (_looked is not { } at || time.GetElapsedTime(at) >= SealsPeriod))
                {
                    Catch(storage, domain);
                    _looked = time.GetTimestamp();
                }

                return _objects.Contains(digest);
            }
        }

        private void Catch(IBackend storage, string domain)
        {
            // A log that is damaged gives nothing behind the damage; verify tells of it. What the domain gave itself is marked.
            foreach (var seal in new SealLog(storage, domain).ReadToDamage().Seals.Skip((int)_seals))
            {
                Add(storage, domain, seal.Snapshot);
                _seals++;
            }
        }

        /// <summary>A snapshot that is damaged, or lacks a segment, must not take those of all others from whoever may read them.</summary>
        private void Add(IBackend storage, string domain, Digest name)
        {
            try
            {
                var snapshot = SnapshotCodec.Load(storage, name);
                if (snapshot.Domain == domain)
                {
                    var closure = Load(storage, snapshot);
                    _objects.UnionWith(closure.Segments);
                    _objects.UnionWith(closure.Blocks);
                }
            }
            catch (AslException damaged) when (damaged.Error.Code != ErrorCode.StoreIo)
            {
            }
        }
    }
}
