using System.CommandLine;
using System.Globalization;
using AslRescue.Audit;
using AslRescue.Audit.Files;
using AslRescue.Intake;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Ingestion;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Rehearsal;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;
using AslRescue.Tools.Output;
using Peer = AslRescue.Intake.Approvals.Peer;

namespace AslRescue.Tools.Verbs;

/// <summary>
/// asl-intake rehearse: the plan that stands to be approved, and what becomes of it when it is killed, cut off and refused room at each of its
/// writes (docs/rehearsal.md). Touches nothing of the machine, also while the service waits.
/// </summary>
internal static class RehearseVerb
{
    private const int SecondsDefault = 20;
    private const int SecondsMax = 86_400;

    private static readonly Option<int> Seconds = new("--seconds")
    {
        Description = "try points for about this long, spread evenly over all that there are",
        HelpName = "N",
        DefaultValueFactory = _ => SecondsDefault,
    };

    private static readonly Option<bool> All = new("--all") { Description = "try every point, however long it takes" };

    internal static Command Build()
    {
        var command = new Command("rehearse", "Shows the plan, and survives every crash point of it in memory, before anyone approves.")
        {
            CommonOptions.Store, Seconds, All,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    /// <summary>0: nothing was lost; 19: something was; else why the plan itself would be refused.</summary>
    internal static int ExitCodeOf(RehearsalPlan plan, SurvivalTable table) => table.Lost.Any() ? ExitCodes.RehearsalLost
        : plan.Refusal is { } refusal ? ExitCodes.For(refusal.Code)
        : ExitCodes.Done;

    /// <summary>What the audit finds wrong with a store and a machine's runs.</summary>
    internal static IReadOnlyList<string> Audit(string store, string runtime)
    {
        var bundle = new EvidenceBundle();
        foreach (var folder in new[] { store, runtime }.Where(Directory.Exists))
        {
            bundle.AddFolder(new FolderFiles(folder));
        }

        return [.. AuditOutput.Findings(AuditResult.Replay(bundle, new AuditTrust([], []))).Select(finding => finding.ToString())];
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        if (parsed.GetValue(Seconds) is not (>= 1 and <= SecondsMax))
        {
            throw CommonOptions.Usage($"--seconds takes 1 to {SecondsMax}", "--seconds 20, or --all");
        }

        var parts = Parts(parsed, out var guard);
        var plan = await RehearsalPlan.MakeAsync(parts.Decision, parts.Settings, parts.Paths, guard, Edge.Stopped);
        if (!parsed.GetValue(CommonOptions.Json))
        {
            RehearsalOutput.WritePlan(plan, parts, Hints.Of(parsed));
        }

        SurvivalTable table;
        var tried = 0;
        using (new ProgressLine(() => string.Create(CultureInfo.InvariantCulture, $"rehearsing: {Volatile.Read(ref tried)} points tried")))
        {
            table = await RehearsalRun.RunAsync(parts with { OnTried = count => Volatile.Write(ref tried, count) }, Edge.Stopped);
        }

        if (parsed.GetValue(CommonOptions.Json))
        {
            RehearsalOutput.WriteJson(plan, table);
        }
        else
        {
            RehearsalOutput.WriteTable(table, plan, Hints.Of(parsed));
        }

        return ExitCodeOf(plan, table);
    }

    private static RehearsalParts Parts(ParseResult parsed, out IIntakeGuard guard)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        using var ingest = new StoreIngest(IngestVerb.Template(configuration, parsed), TimeProvider.System);
        var composed = IntakeComposition.Parts(parsed, configuration, ingest, IntakeComposition.Bounds(parsed));
        RequireContract(composed.Paths);
        var peer = new Peer(Posix.EffectiveUser(), PeerCredentials.TerminalOf(Environment.ProcessId));
        var named = parsed.GetValue(CommonOptions.Store);
        guard = named is null ? IntakeComposition.Guard(composed.Paths, GuardCaller.Service) : composed.Guard;
        return new RehearsalParts
        {
            Settings = named is null ? composed.Settings : Into(composed.Settings, named),
            Paths = composed.Paths,
            Decision = named is null ? Decided(composed) : Named(composed.Boot, peer, named),
            Template = IngestVerb.Template(configuration, parsed),
            Commander = named is null ? null : peer,
            Audit = Audit,
            Budget = parsed.GetValue(All) ? null : TimeSpan.FromSeconds(parsed.GetValue(Seconds)),
        };
    }

    private static Decision Decided(IntakeParts composed)
    {
        var reading = composed.Decisions.Read();
        return reading.Decision ?? throw RehearsalPlan.Waits(reading.Wait);
    }

    private static Decision Named(string boot, Peer peer, string store) => (CommonOptions.Endpoint(store) is null
        ? CommandDecision.Local(boot, peer, Environment.GetCommandLineArgs())
        : CommandDecision.Remote(boot, peer, Environment.GetCommandLineArgs())).Read().Decision!;

    /// <summary>As asl-intake ingest --store has it.</summary>
    private static IntakeSettings Into(IntakeSettings settings, string store) => CommonOptions.Endpoint(store) is { } endpoint
        ? settings with { Remote = settings.Remote with { Endpoint = endpoint, IsTrusted = true } }
        : settings with { Local = new() { Kind = Intake.LocalKind.Directory, Mount = Path.GetFullPath(store), IsTrusted = true } };

    private static void RequireContract(IntakePaths paths)
    {
        var proof = ContractProof.Of(ContractFile.Load(paths.Contract));
        if (!proof.Holds)
        {
            throw proof.Failure(paths.Contract);
        }
    }
}
