using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Rehearsal;

/// <summary>What intake would do by the present decision and configuration, and none of which a rehearsal does.</summary>
public sealed record RehearsalPlan
{
    /// <summary>The decision.</summary>
    public required Decision Decision { get; init; }

    /// <summary>What would be asked; its run and nonce are made up.</summary>
    public required ApprovalRequest Request { get; init; }

    /// <summary>Whether the configuration answers it, and why not.</summary>
    public required ConfigApproval Configuration { get; init; }

    /// <summary>What would be run, in this order, each as it would be typed; with a remark behind three spaces and '#' where it depends on something.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>Below what the guard let the sources pass; null when it did not.</summary>
    public GuardReport? Guard { get; init; }

    /// <summary>Why the guard would stop it.</summary>
    public AslError? Refusal { get; init; }

    /// <summary>Makes the plan. Looks at the machine and changes nothing.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="settings">The configuration.</param>
    /// <param name="paths">Where things lie.</param>
    /// <param name="guard">The guard that the run would have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AslException">ApprovalAwaited: the configuration does not make a request of it.</exception>
    public static async Task<RehearsalPlan> MakeAsync(
        Decision decision, IntakeSettings settings, IntakePaths paths, IIntakeGuard guard, CancellationToken cancellationToken)
    {
        var composed = RequestComposer.Compose(decision, settings, "(the run)", "(a nonce)", []);
        var request = composed.Request ?? throw Waits(composed.Why);
        var plan = new RehearsalPlan
        {
            Decision = decision,
            Request = request,
            Configuration = ConfigApproval.For(request, settings, decision),
            Commands = CommandsFor(request, paths.AltRoot),
        };
        string[] sources = [.. request.Sources.Select(source => source.Path)];
        try
        {
            await guard.CheckWritesAsync(sources, cancellationToken);
            return plan with { Guard = await guard.CheckSourcesAsync(request.BackendPlaces(), sources, cancellationToken) };
        }
        catch (AslException refused)
        {
            return plan with { Refusal = refused.Error };
        }
    }

    /// <summary>There is nothing to rehearse: intake would wait.</summary>
    public static AslException Waits(string why) => new(new AslError(ErrorCode.ApprovalAwaited, "there is no plan to rehearse")
    {
        Why = why,
        Fix = "asl-admin preflight   (decides); asl-admin explain   (says what would lead elsewhere); or name a directory: --store DIR",
    });

    private static IReadOnlyList<string> CommandsFor(ApprovalRequest request, string altRoot) => request.Kind != BackendKinds.LocalZfs ? [] :
    [
        Typed(ZfsCommands.ListPools(), "is it imported already?"),
        Typed(ZfsCommands.LoadModule(), "where the module is not loaded"),
        Typed(ZfsCommands.Import(request, altRoot)),
        Typed(ZfsCommands.Properties(request.Dataset!)),
        Typed(ZfsCommands.LoadKey(request.Dataset!), "where it is encrypted, with the key from: asl-intake key"),
        Typed(ZfsCommands.Mount(request.Dataset!, request.Mount!, isLegacy: false), "without zfsutil where its mountpoint is legacy"),
        Typed(ZfsCommands.Unmount(request.Mount!), "at the end"),
        Typed(ZfsCommands.Export(request.Pool!.Name), "at the end"),
    ];

    private static string Typed(IReadOnlyList<string> arguments, string? remark = null) =>
        $"systemd-run {string.Join(' ', arguments)}{(remark is null ? "" : $"   # {remark}")}";
}
