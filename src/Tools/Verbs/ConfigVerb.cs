using System.CommandLine;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin config: every value and where it comes from.</summary>
internal static class ConfigVerb
{
    internal static Command Build()
    {
        var command = new Command("config", "Prints every configured value with its origin.");
        command.SetAction(parsed =>
        {
            var configuration = CommonOptions.LoadConfiguration(parsed);
            if (parsed.GetValue(CommonOptions.Json))
            {
                JsonOutput.Write(writer => ConfigurationListing.WriteJson(configuration, writer));
            }
            else
            {
                Console.Write(ConfigurationListing.Text(configuration));
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
