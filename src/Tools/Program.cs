using AslRescue.Tools.Output;
using AslRescue.Tools.Verbs;

namespace AslRescue.Tools;

/// <summary>One program under three names; the name it is called by says which verbs it has.</summary>
internal static class Program
{
    private static int Main(string[] args) => CalledName.Read() switch
    {
        "asl-admin" => Edge.Run("asl-admin", AdminProgram.Build(), args),
        "asl-debug" => Edge.Run("asl-debug", DebugProgram.Build(), args),
        _ => Edge.Run("asl-intake", IntakeProgram.Build(), args),
    };
}
