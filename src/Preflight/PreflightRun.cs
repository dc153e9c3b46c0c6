using System.Globalization;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Network;
using AslRescue.Preflight.Pools;
using AslRescue.Preflight.Probes;
using AslRescue.Preflight.Records;
using AslRescue.Shared.Configuration;

namespace AslRescue.Preflight;

/// <summary>
/// Looks at the machine, asks the decision table, writes down what came of it. However much goes wrong, there is a decision:
/// without a proved table, or without a configuration, it is to wait, with the reason.
/// </summary>
public static class PreflightRun
{
    /// <summary>Runs preflight once. A second run in the same boot keeps the record of the first.</summary>
    /// <exception cref="Shared.Errors.AslException">The decision could not or must not be written, or the root is no machine.</exception>
    public static async Task<PreflightResult> ExecuteAsync(
        PreflightOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var machine = Machine.Open(options.Root, time);

        // The proof is half of what preflight computes, and nothing but the clock is held against the table before it is asked: it goes on while disks and network are looked at.
        var proving = Task.Factory.StartNew(() => TableProof.Prove(options.TablePath), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var sheet = new FactSheet();
        var pools = new PoolProbe();
        var context = new ProbeContext(machine, options.Settings, IssuedAsync(proving), sheet) { IsScanAllowed = options.IsScanAllowed };
        foreach (var fact in ConfigurationFacts.Of(options.Settings))
        {
            sheet.Add(fact);
        }

        var timings = await ProbeRun.LookAsync(Probes(pools), context, cancellationToken);
        var table = await proving;
        sheet.Add(RemoteAnswer.Of(options.Settings, sheet));

        var facts = sheet.Close();
        var decision = table.Rules is { } rules ? new DecisionMaker(options.Evaluator).Decide(rules, facts) : NoTable(table.Findings);
        var record = new DecisionRecord
        {
            BootId = BootOf(machine),
            Time = machine.Time.GetUtcNow(),
            Decision = decision,
            Target = Target(decision, options.Settings, pools.Chosen),
            Table = new TableRecord(table.Path, table.Digest, table.Rules?.ProofDigest),
            Facts = facts,
            Pools = pools.Pools,
            Settings = [.. options.Settings.All().Select(s => new SettingRecord(s.Key, s.Value, s.Origin, s.IsTrusted))],
            Probes = timings,
        };
        if (options.IsReportOnly)
        {
            return new PreflightResult(record, table.Findings, IsWritten: false);
        }

        await new RunFolderGuard(machine, options.Settings).CheckAsync(cancellationToken);
        return new PreflightResult(new DecisionFiles(machine).Write(record), table.Findings, IsWritten: true);
    }

    private static async Task<DateOnly?> IssuedAsync(Task<TableVerdict> proving) => (await proving).File?.Issued;

    private static IReadOnlyList<IProbe> Probes(PoolProbe pools) =>
    [
        new NetworkProbe(), new ZfsProbe(), pools, new DirectoryProbe(), new StateProbe(), new ClockProbe(), new TrustProbe(),
    ];

    private static Decision NoTable(IReadOnlyList<RuleFinding> findings) =>
        Decision.Undecided("the decision table is not proved, so nothing is decided by it") with
        {
            Reasons = [.. findings.Select(finding => string.Create(
                CultureInfo.InvariantCulture, $"{finding.Error.CodeText} {finding.Error.What}: {finding.Error.Why}"))],
        };

    private static DecisionTarget Target(Decision decision, PreflightSettings settings, PoolSeen? pool) => decision.Mode switch
    {
        "remote" => new DecisionTarget("endpoint")
        {
            Endpoint = settings.RemoteEndpoint is { } endpoint ? PreflightSettings.WithoutSecret(endpoint.Value) : null,
        },
        "local" when settings.LocalKind.Value == "directory" => new DecisionTarget("directory") { Path = settings.LocalMount.Value },
        "local" => new DecisionTarget("pool")
        {
            Pool = pool?.Name ?? settings.LocalPool?.Value,
            PoolGuid = pool?.Guid,
            PoolState = pool?.State,
            OwnerHostName = pool?.OwnerHostName,
            OwnerHostId = pool?.OwnerHostId,
            Dataset = MountJudge.Dataset(pool?.Name, settings.LocalDataset?.Value ?? ConfigurationKeys.DatasetWithoutOne),
            Path = settings.LocalMount.Value,
        },
        _ => new DecisionTarget("none"),
    };

    /// <summary>Below a root if that has one, else the running kernel's: as intake reads it, which compares the two.</summary>
    private static string? BootOf(Machine machine)
    {
        const string Path = "/proc/sys/kernel/random/boot_id";
        return (machine.ReadAsl(Path).Text ?? machine.ReadHost(Path).Text)?.Trim();
    }
}
