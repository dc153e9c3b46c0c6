using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin gc-check: what no sealed snapshot needs. Reports only.</summary>
internal static class GcCheckVerb
{
    internal static Command Build()
    {
        var command = new Command("gc-check", "Reports what no sealed snapshot refers to; deletes nothing.") { CommonOptions.Store };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var store = CommonOptions.OpenStore(parsed);
        var report = GcCheck.Run(store);
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteTexts("unsealedRuns", report.UnsealedRuns);
                writer.WriteTexts("unreferencedBlocks", report.UnreferencedBlocks.Select(item => item.Name));
                writer.WriteTexts("unreferencedSegments", report.UnreferencedSegments.Select(item => item.Name));
                writer.WriteTexts("unsealedFiles", report.UnsealedFiles);
                writer.WriteEndObject();
            });
            return ExitCodes.Done;
        }

        Console.WriteLine($"""
            runs without a seal         {report.UnsealedRuns.Count}   (asl-intake resume finishes them)
            blocks of no snapshot       {report.UnreferencedBlocks.Count}   {Quantity.Bytes(report.UnreferencedBlocks.Sum(item => item.Length))}
            segments of no snapshot     {report.UnreferencedSegments.Count}   {Quantity.Bytes(report.UnreferencedSegments.Sum(item => item.Length))}
            files that were unfinished  {report.UnsealedFiles.Count}
            """);
        foreach (var run in report.UnsealedRuns)
        {
            Console.WriteLine($"run {run}");
        }

        return ExitCodes.Done;
    }
}
