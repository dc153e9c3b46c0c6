using AslRescue.Store.Faults;

namespace AslRescue.Intake.Rehearsal;

/// <summary>What the calls that are counted, one of which fails, are calls of.</summary>
public enum RehearsedLayer
{
    /// <summary>Every write by which the plan makes anything durable: in /var/lib/asl, and in the store where that is on this machine.</summary>
    Disk,

    /// <summary>Writes in /var/lib/asl alone.</summary>
    State,

    /// <summary>Requests to the remote store.</summary>
    Remote,
}

/// <summary>A kind of fault that is rehearsed at every call of its layer.</summary>
/// <param name="Id">For programs; for ever.</param>
/// <param name="Name">For the table.</param>
/// <param name="Layer">Where it happens.</param>
public sealed record RehearsedFault(string Id, string Name, RehearsedLayer Layer)
{
    /// <summary>What the disk does.</summary>
    internal DiskFault Disk { get; init; } = DiskFault.Kill;

    /// <summary>Remote: the request was carried out before it failed.</summary>
    internal bool IsCarriedOut { get; init; }

    /// <summary>Remote: how the request ends.</summary>
    internal RemoteEnd Remote { get; init; }

    /// <summary>The process ends there, and another one goes on.</summary>
    internal bool IsDeath { get; init; }

    /// <summary>The machine ends there: /var/lib/asl, being memory, is empty afterwards, and the boot another one.</summary>
    internal bool IsPowerCut { get; init; }

    /// <summary>It fails until an operator has done something about it.</summary>
    internal bool Lasts { get; init; }

    /// <summary>How a request to a remote store ends.</summary>
    internal enum RemoteEnd
    {
        /// <summary>The process is dead.</summary>
        Dead,

        /// <summary>The connection is gone.</summary>
        Cut,

        /// <summary>The server answers 503.</summary>
        Busy,

        /// <summary>It succeeds, half a minute later.</summary>
        Late,
    }

    private static readonly RehearsedFault[] OfDisk =
    [
        new("killed", "killed at a write", RehearsedLayer.Disk) { Disk = DiskFault.Kill, IsDeath = true },
        new("power-cut", "power cut, unflushed lost", RehearsedLayer.Disk) { Disk = DiskFault.PowerCut, IsDeath = true, IsPowerCut = true },
        new("power-cut-torn", "power cut, torn", RehearsedLayer.Disk) { Disk = DiskFault.PowerCutTorn, IsDeath = true, IsPowerCut = true },
        new("io-error", "disk answers EIO", RehearsedLayer.Disk) { Disk = DiskFault.InputOutputError },
        new("no-space", "disk answers ENOSPC", RehearsedLayer.Disk) { Disk = DiskFault.NoSpace },
        new("torn", "half a write, then error", RehearsedLayer.Disk) { Disk = DiskFault.Torn },
        new("state-full", "/var/lib/asl stays full", RehearsedLayer.State) { Disk = DiskFault.NoSpace, Lasts = true },
        new("state-failing", "/var/lib/asl keeps failing", RehearsedLayer.State) { Disk = DiskFault.InputOutputError, Lasts = true },
    ];

    private static readonly RehearsedFault[] OfRemote =
    [
        new("remote-killed", "killed at a request", RehearsedLayer.Remote) { IsDeath = true },
        new("remote-killed-after", "killed after a request", RehearsedLayer.Remote) { IsDeath = true, IsCarriedOut = true },
        new("remote-power-cut", "power cut at a request", RehearsedLayer.Remote) { IsDeath = true, IsPowerCut = true },
        new("remote-cut", "connection cut mid-body", RehearsedLayer.Remote) { Remote = RemoteEnd.Cut },
        new("remote-answer-lost", "answer lost", RehearsedLayer.Remote) { Remote = RemoteEnd.Cut, IsCarriedOut = true },
        new("remote-busy", "server answers 503", RehearsedLayer.Remote) { Remote = RemoteEnd.Busy },
        new("remote-slow", "answer half a minute late", RehearsedLayer.Remote) { Remote = RemoteEnd.Late },
    ];

    /// <summary>All that can happen to a plan, in the order of the table.</summary>
    /// <param name="isRemote">Whether the store is on another machine.</param>
    public static IReadOnlyList<RehearsedFault> All(bool isRemote) => isRemote ? [.. OfRemote, .. OfDisk] : OfDisk;
}
