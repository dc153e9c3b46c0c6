using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Shared.ServiceManager;

namespace AslRescue.Intake;

/// <summary>What a run is made of. The programs compose it; tests compose it of fakes.</summary>
public sealed record IntakeParts
{
    /// <summary>The configuration.</summary>
    public required IntakeSettings Settings { get; init; }

    /// <summary>Where things lie.</summary>
    public required IntakePaths Paths { get; init; }

    /// <summary>This boot: see <see cref="BootId"/>.</summary>
    public required string Boot { get; init; }

    /// <summary>Preflight's decision, or a <see cref="CommandDecision"/>.</summary>
    public required IDecisionSource Decisions { get; init; }

    /// <summary>By <see cref="BackendKinds"/>.</summary>
    public required IReadOnlyDictionary<string, IAttachStep> Attach { get; init; }

    /// <summary>Reads.</summary>
    public required IIngestStep Ingest { get; init; }

    /// <summary>Keeps writes off the sources.</summary>
    public required IIntakeGuard Guard { get; init; }

    /// <summary>Seals.</summary>
    public required ISealStep Seal { get; init; }

    /// <summary>The operator who typed the command that runs: the approval of the first request. Null for the service.</summary>
    public Peer? Commander { get; init; }

    /// <summary>True for a command at a terminal: when somebody would have to be waited for, it ends and can be resumed.</summary>
    public bool LeavesWhenAsked { get; init; }

    /// <summary>Which run to take up.</summary>
    public RunChoice Choice { get; init; } = RunChoice.ResumeOrBegin;

    /// <summary>With <see cref="RunChoice.Resume"/>: its name; null for the newest.</summary>
    public string? Run { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>For the jitter of retries. Nonces come from elsewhere.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>The service manager.</summary>
    public ServiceNotifier Notifier { get; init; } = ServiceNotifier.None;

    /// <summary>The line that the service manager shows for a status.</summary>
    public Func<IntakeStatus, string> Describe { get; init; } = status => $"{status.State}: {status.Reason}";

    /// <summary>Whether a thread of this process waits for a disk: see <see cref="KernelWaits"/>.</summary>
    public Func<bool> WaitsForDisk { get; init; } = () => KernelWaits.Any();

    /// <summary>Called with each new status, from any thread: the live view of a foreground command.</summary>
    public Action<IntakeStatus>? OnStatus { get; init; }

    /// <summary>Where operators' commands wait; null for one that only the control socket fills.</summary>
    internal Channel<OperatorCommand>? Commands { get; init; }

    /// <summary>How the files in /var/lib/asl are written.</summary>
    public FileCalls Files { get; init; } = FileCalls.Kernel;

    /// <summary>What holds <see cref="Files"/>, and the writes of the store, within what may be written to; null in tests that need no bounds.</summary>
    public BoundedCalls? Bounds { get; init; }

    /// <summary>Stands between journal and disk, in tests.</summary>
    public MachineJournal.SinkWrapper? WrapSink { get; init; }
}

/// <summary>Which run a process works on.</summary>
public enum RunChoice
{
    /// <summary>The newest run that has not ended, or a new one: the service.</summary>
    ResumeOrBegin,

    /// <summary>A new one: <c>ingest</c>.</summary>
    Begin,

    /// <summary>One that has not ended, or an error: <c>resume</c>.</summary>
    Resume,
}
