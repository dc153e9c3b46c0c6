using System.Globalization;
using System.Text;
using System.Text.Json;
using AslRescue.Intake.Machine;
using AslRescue.Shared.Devices;

namespace AslRescue.Intake.Steps;

/// <summary>Reads the sources into the backend, then seals. After a restart the backend is attached again first, under the same approval.</summary>
internal sealed class IngestingStep(IntakeSession session) : IStateStep
{
    /// <summary>Whether the attempt at hand has read anything new: a failure after that is not one of a row.</summary>
    public bool HasProgressed { get; private set; }

    public async Task<StepOutcome> RunAsync(CancellationToken cancellationToken)
    {
        HasProgressed = false;
        var (approval, why) = session.LiveApproval();
        if (approval is null)
        {
            return new StepOutcome(IntakeTrigger.Unapproved, [session.AskAnew()], why);
        }

        if (session.Backend is null && await session.AttachAsync(cancellationToken) is null)
        {
            return StepOutcome.LookAgain;
        }

        await session.CountDisksAsync(DiskMoments.Reading, cancellationToken);
        await session.Parts.Ingest.IngestAsync(session.Journal.Writer, Progress(), cancellationToken);

        await session.CountDisksAsync(DiskMoments.Sealing, cancellationToken);

        // The last moment for a cancellation: what is being sealed is sealed whole.
        cancellationToken.ThrowIfCancellationRequested();
        session.Say("sealing");
        var sealedSnapshot = await session.Parts.Seal.SealAsync(session.Journal.Writer, Evidence(), cancellationToken);
        var seal = session.Record(
            EvidenceNames.Seal, JsonSerializer.SerializeToUtf8Bytes(sealedSnapshot, IntakeJson.Default.SealEvidence));
        var attach = new EvidenceReference(EvidenceNames.Attach, session.History.Newest(EvidenceNames.Attach)!.Value.Digest);
        var problems = sealedSnapshot.Problems == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $", with {sealedSnapshot.Problems} problems");
        return new StepOutcome(IntakeTrigger.Sealed, [approval.Value, attach, seal], $"snapshot {sealedSnapshot.Snapshot}{problems}");
    }

    /// <summary>
    /// Every document of the journal, so that the snapshot alone can tell why it was taken: a name that has several gets the digest too.
    /// </summary>
    private IReadOnlyList<EvidenceItem> Evidence()
    {
        var all = session.History.AllEvidence();
        var counts = all.CountBy(pair => pair.Key.Name).ToDictionary(StringComparer.Ordinal);
        return
        [
            .. all.Select(pair => new EvidenceItem(NameOf(pair.Key), pair.Value))
                .Append(new EvidenceItem("contract-proof", Encoding.UTF8.GetBytes(ContractProof.Of(session.Contract).Text)))
                .OrderBy(item => item.Name, StringComparer.Ordinal),
        ];

        string NameOf(EvidenceReference reference) =>
            counts[reference.Name] == 1 ? reference.Name : $"{reference.Name}-{reference.Digest.Short}";
    }

    private ProgressReporter Progress()
    {
        long? first = null;
        return new ProgressReporter(progress =>
        {
            var durable = progress.DurableBytes ?? progress.BytesDone;
            first ??= progress.DurableBytes is null ? durable : 0;
            HasProgressed |= durable > first;
            session.Publish(status => status with { Progress = progress, Detail = null });
        });
    }

    /// <summary>On the reporter's own thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class ProgressReporter(Action<ProgressView> report) : IProgress<ProgressView>
    {
        public void Report(ProgressView value) => report(value);
    }
}
