using Stateless;
using Stateless.Graph;
using Stateless.Reflection;

namespace AslRescue.Intake.Machine;

/// <summary>
/// The machine, configured with Stateless. It holds no policy and does no work: rules/intake.toml says which of these transitions may
/// happen and on what evidence, TransitionGate asks it and writes the journal, and the steps act afterwards.
/// </summary>
/// <remarks>
/// Entry actions were rejected: the journal must be flushed before an effect, and after a kill the effect of the current state must
/// be started again without a transition. So effects hang on the state, not on the way into it.
/// </remarks>
public sealed class IntakeMachine
{
    private readonly StateMachine<IntakeState, IntakeTrigger> _machine;

    /// <summary>A machine that stands where the journal says.</summary>
    public IntakeMachine(IntakeState state)
    {
        State = state;
        _machine = new StateMachine<IntakeState, IntakeTrigger>(() => State, next => State = next, FiringMode.Immediate);
        Configure(_machine);
    }

    /// <summary>Where it stands.</summary>
    public IntakeState State { get; private set; }

    /// <summary>Every transition that the machine knows, from its own description.</summary>
    public static IReadOnlyDictionary<(IntakeState From, IntakeTrigger Trigger), IntakeState> Transitions { get; } =
        Describe(new IntakeMachine(IntakeStates.Initial)._machine.GetInfo());

    /// <summary>The drawing of docs/machine.md.</summary>
    public static string Mermaid { get; } = Draw();

    /// <summary>Moves. The caller has checked and journalled the transition.</summary>
    /// <exception cref="InvalidOperationException">The machine has no such transition: a defect of the caller.</exception>
    public void Move(IntakeTrigger trigger) => _machine.Fire(trigger);

    private static void Configure(StateMachine<IntakeState, IntakeTrigger> machine)
    {
        machine.Configure(IntakeState.Detecting)
            .Permit(IntakeTrigger.Decided, IntakeState.AwaitingApproval)
            .PermitReentry(IntakeTrigger.SourceAdded)
            .Permit(IntakeTrigger.Expired, IntakeState.Halted)
            .Permit(IntakeTrigger.Cancelled, IntakeState.Halted)
            .Permit(IntakeTrigger.Violated, IntakeState.Halted);

        machine.Configure(IntakeState.AwaitingApproval)
            .Permit(IntakeTrigger.ApprovedLocal, IntakeState.AttachingLocal)
            .Permit(IntakeTrigger.ApprovedRemote, IntakeState.AttachingRemote)
            .PermitReentry(IntakeTrigger.SourceAdded)
            .Permit(IntakeTrigger.Redecided, IntakeState.Detecting)
            .Permit(IntakeTrigger.Denied, IntakeState.Halted)
            .Permit(IntakeTrigger.Expired, IntakeState.Halted)
            .Permit(IntakeTrigger.Cancelled, IntakeState.Halted)
            .Permit(IntakeTrigger.Violated, IntakeState.Halted);

        ConfigureWork(machine.Configure(IntakeState.AttachingLocal).Permit(IntakeTrigger.Attached, IntakeState.Ingesting));
        ConfigureWork(machine.Configure(IntakeState.AttachingRemote).Permit(IntakeTrigger.Attached, IntakeState.Ingesting));
        ConfigureWork(machine.Configure(IntakeState.Ingesting).Permit(IntakeTrigger.Sealed, IntakeState.Sealed));

        machine.Configure(IntakeState.Retrying)
            .Permit(IntakeTrigger.RetryLocal, IntakeState.AttachingLocal)
            .Permit(IntakeTrigger.RetryRemote, IntakeState.AttachingRemote)
            .Permit(IntakeTrigger.Exhausted, IntakeState.AwaitingApproval)
            .Permit(IntakeTrigger.Unapproved, IntakeState.AwaitingApproval)
            .Permit(IntakeTrigger.Cancelled, IntakeState.Halted)
            .Permit(IntakeTrigger.Violated, IntakeState.Halted);
    }

    /// <summary>What every state that touches a backend has in common.</summary>
    private static void ConfigureWork(StateMachine<IntakeState, IntakeTrigger>.StateConfiguration state) => state
        .Permit(IntakeTrigger.Failed, IntakeState.Retrying)
        .Permit(IntakeTrigger.Unapproved, IntakeState.AwaitingApproval)
        .Permit(IntakeTrigger.GaveUp, IntakeState.Halted)
        .Permit(IntakeTrigger.Cancelled, IntakeState.Halted)
        .Permit(IntakeTrigger.Violated, IntakeState.Halted);

    private static Dictionary<(IntakeState From, IntakeTrigger Trigger), IntakeState> Describe(StateMachineInfo info) =>
        info.States
            .SelectMany(state => state.FixedTransitions.Select(transition => (state, transition)))
            .ToDictionary(
                pair => ((IntakeState)pair.state.UnderlyingState, (IntakeTrigger)pair.transition.Trigger.UnderlyingTrigger),
                pair => (IntakeState)pair.transition.DestinationState.UnderlyingState);

    private static string Draw()
    {
        var machine = new IntakeMachine(IntakeStates.Initial);
        var text = MermaidGraph.Format(machine._machine.GetInfo(), MermaidGraphDirection.TopToBottom);

        // Stateless draws the names of the code; people and journals know the triggers by their words.
        foreach (var trigger in IntakeTriggers.All)
        {
            text = text.Replace($": {trigger}\n", $": {trigger.Word()}\n", StringComparison.Ordinal);
        }

        return text;
    }
}
