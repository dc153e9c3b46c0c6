using System.Globalization;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Checking;

/// <summary>Why a leftover is there and what is safe to do with it, in words. All of them may be left where they are: nothing reads them by mistake.</summary>
internal static class LeftoverWords
{
    internal static Leftover OfRun(UnsealedRun run, string path) => new(LeftoverKind.Run, path, 0, WhyRun(run), SafeRun(run)) { Run = run };

    private static string WhyRun(UnsealedRun run) => run switch
    {
        { Records: 0 } => "a run whose journal has no line that can be read: it was interrupted before its first record, or the journal is damaged",
        { IsHalted: true } => "a run that was cancelled or given up for good",
        { IsSealing: true } => "a run that was interrupted while its snapshot was written: all its data is stored",
        { HasBegun: true } => string.Create(CultureInfo.InvariantCulture, $"a run that was interrupted, or still runs, with {Quantity.Count(run.Blocks.Count, "block", "blocks")} sealed"),
        _ => "a run that never began to read",
    };

    private static string SafeRun(UnsealedRun run) => run switch
    {
        { IsHalted: true } or { HasBegun: false } => "leave it: its journal is evidence of what happened, and nothing else belongs to it",
        _ => $"asl-intake resume {run.Run}   (goes on where it stopped and seals it; what is stored is not read again)",
    };

    internal static Leftover OfUnsealedFile(string path, long bytes) => new(LeftoverKind.UnsealedFile, path, bytes,
        "an object that was being written when its writer was stopped, or is being written now; no reader looks at it",
        "when nothing runs on this store it may be deleted: the object is written anew under another such name");

    internal static Leftover OfBlock(string path, long bytes, UnsealedRun? run, string sure) => run is null
        ? new(LeftoverKind.Block, path, bytes, "no sealed snapshot lists it and no unsealed run's journal names it: its writer was stopped between the block and the record" + sure,
            "leave it: a run that makes the same block again finds it there; asl-admin verify --data checks nothing that is not referred to, asl-debug block does")
        : new(LeftoverKind.Block, path, bytes, $"it belongs to unsealed run {Printable.Text(run.Run)}" + sure,
            run.IsHalted ? "leave it: its artifacts are whole and can be read, although nothing refers to them" : "keep it: resuming the run needs it");

    internal static Leftover OfSegment(string path, long bytes, UnsealedRun? run, string sure) => run is null
        ? new(LeftoverKind.Segment, path, bytes, "no sealed snapshot pins it: its writer was stopped before the snapshot, or merged it into a longer one before the seal" + sure,
            "leave it, or move it away: segments are made again from the blocks by asl-debug rebuild-index")
        : new(LeftoverKind.Segment, path, bytes, $"the draft of unsealed run {Printable.Text(run.Run)} pins it" + sure, "keep it: sealing the run needs it");

    internal static Leftover OfSnapshot(string path, long bytes, Digest name, Snapshot snapshot, UnsealedRun? run, string sure) => run is not null
        ? new(LeftoverKind.Snapshot, path, bytes, $"run {Printable.Text(run.Run)} was interrupted between its snapshot and the seal", $"asl-intake resume {Printable.Text(run.Run)}   (checks it and seals it)")
        : new(LeftoverKind.Snapshot, path, bytes, $"it is of domain {Printable.Text(snapshot.Domain)}, run {Printable.Text(snapshot.Run)}, which no journal here is sealing: copied without its log, or its seal is gone" + sure,
            $"keep it: asl-admin show {name}   (it can be read by its full name, and restored if its blocks are here)");

    internal static Leftover OfDamagedSnapshot(string path, long bytes, AslError error) => new(LeftoverKind.Snapshot, path, bytes,
        $"it has no seal and cannot be read: {error.Why}", "keep it: asl-debug snapshot shows what can still be read of it");

    internal static Leftover OfSignature(string path, long bytes) => new(LeftoverKind.Signature, path, bytes,
        "its snapshot is not here: signatures are written before what they sign is sealed, and a copy may have been interrupted",
        "leave it: it counts once the snapshot is here");

    internal static Leftover OfRunObject(string path, long bytes, UnsealedRun run, string name, bool isSealed) => run.Objects.Contains(name)
        ? new(LeftoverKind.RunObject, path, bytes, $"the journal of unsealed run {Printable.Text(run.Run)} names it",
            run.IsHalted ? "leave it: it is part of what the journal proves" : "keep it: resuming the run needs it")
        : run.DamagedRecords > 0
        ? new(LeftoverKind.RunObject, path, bytes, "no record that can be read names it, and the journal has lines that cannot be",
            isSealed ? "leave it: the snapshot is sealed and does not depend on it" : "keep it: a line that is damaged now may name it")
        : new(LeftoverKind.RunObject, path, bytes, "no record of the journal names it: its writer was stopped between the object and the record, or wrote another one after it was resumed",
            "leave it: nothing reads it");

    internal static Leftover OfForeign(string path, long bytes) => new(LeftoverKind.Foreign, path, bytes,
        "nothing of the format is called so: it was put there by something else", "nothing here reads it; whoever put it there knows what it is for");
}
