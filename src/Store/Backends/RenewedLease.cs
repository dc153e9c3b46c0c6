using System.Security.Cryptography;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Backends;

/// <summary>
/// A lease that this process holds: renewed while it lives, given back at the end. Where renewing fails the lease ends by itself, and with it no more
/// than the protection from a second machine: see <see cref="LeaseObjects"/>.
/// </summary>
public sealed class RenewedLease : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Func<bool> _renew;
    private readonly Func<bool> _release;
    private readonly ITimer _timer;
    private bool _isEnded;

    private RenewedLease(Func<bool> renew, Func<bool> release, TimeProvider time)
    {
        (_renew, _release) = (renew, release);
        _timer = time.CreateTimer(_ => Renew(), null, LeaseObjects.Duration / 3, LeaseObjects.Duration / 3);
    }

    /// <summary>Null when another one has it, in this process or elsewhere.</summary>
    public static RenewedLease? TryTake(LeaseObjects leases, string domain, string run, TimeProvider time)
    {
        var holder = NewHolder();
        return leases.TryAcquire(domain, run, holder) is null ? null
            : new(() => leases.TryRenew(domain, run, holder) is not null, () => leases.Release(domain, run, holder), time);
    }

    /// <summary>Null when another one has it.</summary>
    /// <param name="renew">Takes the lease, and takes it again before it ends; false when another one has it.</param>
    /// <param name="release">Gives it back.</param>
    /// <param name="time">The clock.</param>
    public static RenewedLease? TryTake(Func<bool> renew, Func<bool> release, TimeProvider time) => renew() ? new(renew, release, time) : null;

    /// <summary>A holder that never comes back.</summary>
    public static string NewHolder() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>May be called twice. A storage that does not answer now lets the lease end by itself.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
            Try(_release);
        }
    }

    private void Renew()
    {
        lock (_lock)
        {
            if (!_isEnded)
            {
                Try(_renew);
            }
        }
    }

    /// <summary>Nobody waits for the answer, and the next tick asks again.</summary>
    private static void Try(Func<bool> work)
    {
        try
        {
            _ = work();
        }
        catch (Exception failure) when (failure is AslException or OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
    }
}
