using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Faults;

namespace AslRescue.Intake.Rehearsal;

/// <summary>One fault, armed in a machine that has not lived yet; and what has to be done before its next life.</summary>
internal sealed class Injection
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(60); // Half a minute, on a clock that runs 500 times faster.
    private readonly RehearsedMachine _machine;
    private readonly RehearsedFault _fault;
    private readonly int _call;
    private int _requests;
    private string? _requestFailed;

    internal Injection(RehearsedMachine machine, RehearsedFault fault, int call)
    {
        (_machine, _fault, _call) = (machine, fault, call);
        if (fault.Layer == RehearsedLayer.Remote)
        {
            machine.Connection = Connect;
            return;
        }

        machine.MendsWhenAsked = fault.Lasts;
        machine.Disk.Arm(fault.Disk, call, fault.Layer == RehearsedLayer.State ? machine.Paths.State : null, fault.Lasts);
    }

    /// <summary>In which part it happened; null when the run was over before.</summary>
    internal string? FailedAt => _failedAt ??= _requestFailed is { } path ? Places.OfObject(path)
        : _machine.Disk.FailedAt is { } file ? Places.OfFile(_machine, file) : null;

    private string? _failedAt;

    /// <summary>The process that met it has ended: what is left is what the next one finds.</summary>
    internal void End()
    {
        _machine.Connection = null;
        if (_fault.IsPowerCut)
        {
            _machine.Disk.CutPower(_fault.Disk == DiskFault.PowerCutTorn);
            _machine.Reboot();
        }

        _machine.Disk.Arm(DiskFault.Kill, 0);
    }

    /// <summary>A process may connect several times; requests are counted over all of them.</summary>
    private FaultyBackend Connect(IBackend backend)
    {
        var before = _requests;
        return new FaultyBackend(backend, Math.Max(0, _call - before), _fault.IsCarriedOut)
        {
            Fault = Happen,
            Reach = () =>
            {
                Interlocked.Increment(ref _requests);
                if (_machine.Disk.IsDead)
                {
                    throw Unreachable("this process is dead");
                }
            },
        };
    }

    private void Happen(string request)
    {
        _requestFailed = request[(request.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        switch (_fault.Remote)
        {
            case RehearsedFault.RemoteEnd.Dead:
                _machine.Disk.Die();
                _machine.Disk.OnFault?.Invoke();
                throw Unreachable("this process is dead");
            case RehearsedFault.RemoteEnd.Late:
                Thread.Sleep(Late);
                break;
            case RehearsedFault.RemoteEnd.Busy:
                throw Passing(ErrorCode.RemoteBusy, "the server has no room for another request", "it answers 503");
            default:
                throw Unreachable("the connection was closed");
        }
    }

    private static AslException Unreachable(string why) => Passing(ErrorCode.EndpointUnreachable, "the endpoint cannot be reached", why);

    private static AslException Passing(ErrorCode code, string what, string why) => new(new AslError(code, what) { Why = why, Fix = "try again", IsPermanent = false });
}
