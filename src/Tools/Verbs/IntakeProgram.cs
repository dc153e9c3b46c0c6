using System.CommandLine;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-intake: what takes data in.</summary>
internal static class IntakeProgram
{
    internal static RootCommand Build()
    {
        var program = new RootCommand("Takes damaged machines' data into a store: every byte once, verified, sealed.")
        {
            CommonOptions.Json,
            CommonOptions.Root,
            CommonOptions.TokenFile,
            CommonOptions.Pin,
            CommonOptions.Ca,
            IngestVerb.Build(),
            ResumeVerb.Build(),
            ServeVerb.Build(),
            RehearseVerb.Build(),
        };
        foreach (var verb in OperatorVerbs.Build())
        {
            program.Subcommands.Add(verb);
        }

        return program;
    }
}
