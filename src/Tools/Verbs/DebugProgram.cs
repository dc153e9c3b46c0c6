using System.CommandLine;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug: what looks at a store, or at a disk, from below.</summary>
internal static class DebugProgram
{
    internal static RootCommand Build() => new("Looks at the objects of a store themselves, whole or damaged, and at what disks say of themselves.")
    {
        CommonOptions.Json,
        CommonOptions.Root,
        CommonOptions.TokenFile,
        CommonOptions.Pin,
        CommonOptions.Ca,
        BlockVerb.Build(),
        SegmentVerb.Build(),
        SnapshotVerb.Build(),
        LogVerb.Build(),
        HexVerb.Build(),
        LeftoversVerb.Build(),
        RebuildIndexVerb.Build(),
        LabelsVerb.Build(),
    };
}
