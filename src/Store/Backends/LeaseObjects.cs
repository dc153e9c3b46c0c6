using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Backends;

/// <summary>
/// Leases on runs, kept as objects of a store, so that all that serve one storage grant the same ones. Any thread, any number of processes.
/// </summary>
/// <remarks>
/// <para>
/// leases/DOMAIN/RUN/NUMBER, from 1 on without a gap, each created once and never changed:
/// </para>
/// <code>
/// asl-lease-1 HOLDER UNTIL held|released
/// </code>
/// <para>
/// HOLDER is the SHA-256 of the holder's token: who reads the storage cannot act as the holder. UNTIL is ISO 8601 in UTC. Only the newest object counts;
/// what changes the lease is an object of the next number, and of those that race for a number one wins, the others look again. The newest
/// is known to exist before the next is tried, hence no gap. A renewal makes a new object: one every 40 s, some 70 bytes.
/// </para>
/// <para>
/// A lease spares two machines from resuming one run by mistake. It is not what keeps the store whole: journal records are created once, so
/// of two writers the second fails at its first. That is why a clock that is off by minutes does no harm, and why an object that cannot be
/// understood is taken for a lease that ended: a rescue must not wait for it.
/// </para>
/// </remarks>
public sealed class LeaseObjects(IBackend backend, TimeProvider time)
{
    /// <summary>How long a lease lives that nobody renews.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(120);

    private const string Mark = "asl-lease-1";
    private const int LeaseBytesMax = 64 << 10;

    // Each round is lost to somebody who created an object in it; whoever loses this often has a storage that says no to everything.
    private const int RoundsMax = 1000;

    // Numbers that were seen to exist: as there is no gap, the newest is to be found without a listing as long as nobody else goes on.
    private readonly ConcurrentDictionary<string, long> _seen = [];

    /// <summary>Takes a lease, or renews it where this holder has it.</summary>
    /// <returns>Until when it lives; null while another one has it.</returns>
    public DateTimeOffset? TryAcquire(string domain, string run, string holder) =>
        Follow(domain, run, newest => newest is null || newest.IsOver(time.GetUtcNow()) || newest.Holder == Digest.Of(Encoding.UTF8.GetBytes(holder)), holder, isReleased: false);

    /// <summary>Lengthens a lease, also one whose time is up, as long as nobody took it.</summary>
    /// <returns>Until when it lives; null when this holder does not have it: it never did, gave it back, or lost it.</returns>
    public DateTimeOffset? TryRenew(string domain, string run, string holder) =>
        Follow(domain, run, newest => IsHeldBy(newest, holder), holder, isReleased: false);

    /// <summary>Gives a lease back. May be called twice.</summary>
    /// <returns>False when this holder does not have it.</returns>
    public bool Release(string domain, string run, string holder) =>
        Follow(domain, run, newest => IsHeldBy(newest, holder), holder, isReleased: true) is not null;

    /// <summary>Puts an object behind the newest one, if that allows it.</summary>
    private DateTimeOffset? Follow(string domain, string run, Func<Lease?, bool> allows, string holder, bool isReleased)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var (number, newest) = Newest(domain, run);
            if (!allows(newest))
            {
                return null;
            }

            var next = new Lease(Digest.Of(Encoding.UTF8.GetBytes(holder)), time.GetUtcNow() + Duration, isReleased);
            if (backend.TryCreate(ObjectName.Lease(domain, run, number + 1), next.ToBytes()))
            {
                _seen[ObjectName.LeasesFolder(domain, run)] = number + 1;
                return next.Until;
            }
        }

        throw new AslException(new AslError(ErrorCode.StoreIo, "cannot settle who has a run")
        {
            Where = $"{backend.Location}/{ObjectName.LeasesFolder(domain, run)}",
            Why = $"the next number was taken {RoundsMax} times, and the lease did not change hands",
            Fix = "type the command again; if it stays so, the storage's listings lag behind what it stores: use another one",
            IsPermanent = false,
        });
    }

    private (long Number, Lease? Lease) Newest(string domain, string run)
    {
        var number = NewestNumber(domain, run);
        return number == 0 ? (0, null) : (number, Lease.Parse(backend.ReadAll(ObjectName.Lease(domain, run, number), LeaseBytesMax)));
    }

    private long NewestNumber(string domain, string run)
    {
        var folder = ObjectName.LeasesFolder(domain, run);
        if (_seen.TryGetValue(folder, out var seen) && !Exists(ObjectName.Lease(domain, run, seen + 1)))
        {
            return seen;
        }

        var numbers = backend.ListNumbers(folder);
        return numbers is [.., var last] ? _seen[folder] = last : 0;
    }

    private bool Exists(ObjectName name)
    {
        using var found = backend.Open(name);
        return found is not null;
    }

    private static bool IsHeldBy(Lease? lease, string holder) => lease is { IsReleased: false } && lease.Holder == Digest.Of(Encoding.UTF8.GetBytes(holder));

    private sealed record Lease(Digest Holder, DateTimeOffset Until, bool IsReleased)
    {
        internal bool IsOver(DateTimeOffset now) => IsReleased || Until <= now;

        internal byte[] ToBytes() => Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{Mark} {Holder} {Until.UtcDateTime:O} {(IsReleased ? "released" : "held")}\n"));

        /// <summary>Null for what is no lease.</summary>
        internal static Lease? Parse(ReadOnlySpan<byte> content) =>
            Encoding.Latin1.GetString(content).Split(' ') is [Mark, var holder, var until, "held\n" or "released\n"] parts
            && Digest.TryParse(holder, out var digest)
            && DateTimeOffset.TryParseExact(until, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? new(digest, time, parts[^1] == "released\n")
                : null;
    }
}
