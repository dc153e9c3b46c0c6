using AslRescue.Tools.Output;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools;

/// <summary>One program under three names; the name it is called by says which verbs it has.</summary>
internal static class Program
{
    private static int Main(string[] args) => Edge.Run(CalledName.Read() switch
    {
        "asl-admin" => AdminProgram.Build(),
        "asl-debug" => DebugProgram.Build(),
        _ => IntakeProgram.Build(),
    }, args);
}
