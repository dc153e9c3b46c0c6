using System.CommandLine;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug: what looks at a store from below.</summary>
internal static class DebugProgram
{
    internal static RootCommand Build() => new("Looks at blocks and segments themselves.")
    {
        CommonOptions.Json,
        CommonOptions.Root,
        RebuildIndexVerb.Build(),
    };
}
