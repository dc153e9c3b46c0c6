using System.CommandLine;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin: what inspects, verifies and gives back.</summary>
internal static class AdminProgram
{
    internal static RootCommand Build() => new("Looks at stores and configuration, verifies, and restores.")
    {
        CommonOptions.Json,
        CommonOptions.Root,
        CommonOptions.TokenFile,
        CommonOptions.Pin,
        CommonOptions.Ca,
        InitVerb.Build(),
        SnapshotsVerb.Build(),
        ShowVerb.Build(),
        LsVerb.Build(),
        RestoreVerb.Build(),
        ExportVerb.Build(),
        DiffVerb.Build(),
        VerifyVerb.Build(),
        GcCheckVerb.Build(),
        AuditVerb.Build(),
        PeersVerb.Build(),
        ReplicateVerb.Build(),
        ConfigVerb.Build(),
        PreflightVerb.Build(),
        SourcesVerb.Build(),
        ExplainVerb.Build(),
        RulesVerb.Build(),
        ContractVerb.Build(),
        CompletionsVerb.Build(),
    };
}
