using AslRescue.Shared;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>Snapshots that a test makes, each sealed by the journal of a run of its own.</summary>
internal static class Sealings
{
    private static int _runs;

    /// <summary>The same as another run's, whose journal says that it seals it.</summary>
    internal static Snapshot Of(IBackend backend, Snapshot snapshot)
    {
        var draft = snapshot with { Run = $"another-{Interlocked.Increment(ref _runs)}", Journal = null };
        var log = new RunLog(backend, draft.Domain, draft.Run);
        var record = new JournalWriter(draft.Run, "boot", log, TimeProvider.System).Append(
            new JournalEntry("sealing") { Fields = [new("root", draft.Root), new("digest", Digest.Of(SnapshotCodec.Encode(draft)))] });
        return draft with { Journal = (record.Sequence, record.Hash) };
    }
}
