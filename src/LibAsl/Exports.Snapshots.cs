using System.Runtime.InteropServices;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Reading;
using AslRescue.Shared;

namespace AslRescue.LibAsl;

/// <summary>Snapshots, their sources, artifacts and verification.</summary>
internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "asl_snapshots_open")]
    internal static int SnapshotsOpen(ulong store, ulong* snapshots) => OpenFrom<OpenedStore>(store, snapshots, it => new SnapshotList(it));

    [UnmanagedCallersOnly(EntryPoint = "asl_snapshots_next")]
    internal static int SnapshotsNext(ulong snapshots, SnapshotInfo* info) => Edge.Use<SnapshotList>(snapshots, it =>
    {
        _ = Results.CheckSize(info);
        if (it.Next() is not var (name, snapshot))
        {
            return Edge.End;
        }

        Results.Struct(info, OpenedSnapshot.Describe(name, snapshot));
        return Edge.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_snapshots_snapshot")]
    internal static int SnapshotsSnapshot(ulong snapshots, ulong* snapshot) => OpenFrom<SnapshotList>(snapshots, snapshot, it => it.OpenCurrent());

    [UnmanagedCallersOnly(EntryPoint = "asl_snapshot_open")]
    internal static int SnapshotOpen(ulong store, byte* id, ulong* snapshot) => OpenFrom<OpenedStore>(store, snapshot, it =>
    {
        var (name, found) = it.Store.Find(Arguments.Text(id, "id"));
        return new OpenedSnapshot(it, name, found);
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_snapshot_describe")]
    internal static int SnapshotDescribe(ulong snapshot, SnapshotInfo* info) => Edge.Use<OpenedSnapshot>(snapshot, it => Results.Struct(info, it.Describe()));

    [UnmanagedCallersOnly(EntryPoint = "asl_snapshot_text")]
    internal static int SnapshotText(ulong snapshot, int which, byte* text, ulong capacity, ulong* length) =>
        Edge.Use<OpenedSnapshot>(snapshot, it => Results.Text(it.Text((SnapshotText)which), text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_source_describe")]
    internal static int SourceDescribe(ulong snapshot, uint source, SourceInfo* info) =>
        Edge.Use<OpenedSnapshot>(snapshot, it => Results.Struct(info, Sources.Describe(it.Source(source))));

    [UnmanagedCallersOnly(EntryPoint = "asl_source_text")]
    internal static int SourceText(ulong snapshot, uint source, int which, byte* text, ulong capacity, ulong* length) =>
        Edge.Use<OpenedSnapshot>(snapshot, it => Results.Text(Sources.Text(it.Source(source), (SourceText)which), text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_artifact_read")]
    internal static int ArtifactRead(ulong snapshot, byte* key, void* data, ulong capacity, ulong* length) => Edge.Use<OpenedSnapshot>(snapshot, it =>
    {
        Arguments.MustBeThere(key, "key");
        var digest = new Digest(new ReadOnlySpan<byte>(key, Digest.Length));
        var bytes = it.LengthOf(digest);
        if (Results.Begin(bytes, 0, data, capacity, length))
        {
            it.Artifacts.Read(digest, new Span<byte>(data, bytes));
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_verification_open")]
    internal static int VerificationOpen(ulong snapshot, uint flags, ulong* verification) =>
        OpenFrom<OpenedSnapshot>(snapshot, verification, it => new Verification(it, (VerifyFlags)flags));

    [UnmanagedCallersOnly(EntryPoint = "asl_verification_step")]
    internal static int VerificationStep(ulong verification, VerificationInfo* info) => Edge.Use<Verification>(verification, it =>
    {
        _ = Results.CheckSize(info);
        var isLeft = it.Step(out var found);
        Results.Struct(info, found);
        return isLeft ? Edge.Ok : Edge.End;
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_verification_finding")]
    internal static int VerificationFinding(ulong verification, uint index, int* code, byte* text, ulong capacity, ulong* length) =>
        Edge.Use<Verification>(verification, it =>
        {
            Arguments.MustBeThere(code, "code");
            var finding = it.Finding(index);
            *code = (int)finding.Code;
            Results.Text(finding.ToString(), text, capacity, length);
        });
}
