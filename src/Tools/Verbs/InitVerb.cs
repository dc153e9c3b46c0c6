using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Format;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin init: makes an empty store.</summary>
internal static class InitVerb
{
    internal static Command Build()
    {
        var command = new Command("init", "Makes an empty store.") { CommonOptions.Store };
        command.SetAction(parsed =>
        {
            var location = CommonOptions.StoreLocation(parsed);
            using var store = CommonOptions.Endpoint(location) is null ? ArtifactStore.Create(location, new StoreFormat())
                : throw CommonOptions.Usage("a store behind a URL is made by its server", "asl-backend --store DIRECTORY   (there)");
            if (parsed.GetValue(CommonOptions.Json))
            {
                JsonOutput.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("store", store.Backend.Location);
                    writer.WriteEndObject();
                });
            }
            else
            {
                Console.WriteLine($"an empty store in {store.Backend.Location}");
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
