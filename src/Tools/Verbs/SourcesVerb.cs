using System.CommandLine;
using AslRescue.Preflight;
using AslRescue.Preflight.Machines;
using AslRescue.Preflight.Sources;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin sources: every disk as a possible source. Changes nothing, wakes no disk.</summary>
internal static class SourcesVerb
{
    internal static Command Build()
    {
        var command = new Command("sources", "Shows every disk: what it holds, how it is, whether it may be read and fits.")
        {
            CommonOptions.Store,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var machine = Machine.Open(CommonOptions.RootOf(parsed), TimeProvider.System);
        var settings = ConfiguredSettings.Of(CommonOptions.LoadConfiguration(parsed));
        var survey = await SourceSurvey.TakeAsync(machine, settings, parsed.GetValue(CommonOptions.Store), Edge.Stopped);
        if (parsed.GetValue(CommonOptions.Json))
        {
            SurveyOutput.WriteJson(survey);
        }
        else
        {
            Console.Write(SurveyText.Of(survey));
        }

        return ExitCodes.Done;
    }
}
