using System.CommandLine;
using AslRescue.Preflight;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin preflight: looks at the machine, decides, writes /run/asl/mode. With --report it writes nothing.</summary>
internal static class PreflightVerb
{
    private static readonly Option<bool> Report = new("--report") { Description = "look and decide, and write nothing" };

    private static readonly Option<bool> Scan = new("--scan")
    {
        Description = "ask 'zpool import' too, where the ZFS module is loaded; by hand only",
    };

    internal static Command Build()
    {
        var command = new Command("preflight", "Looks at the machine without changing it and decides where intake goes.")
        {
            Report, Scan, RulesOptions.File,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var root = CommonOptions.RootOf(parsed);
        var isJson = parsed.GetValue(CommonOptions.Json);
        var result = await PreflightRun.ExecuteAsync(new PreflightOptions
        {
            Root = root,
            TablePath = RulesOptions.Path(parsed, RulesOptions.PreflightTable),
            Settings = ConfiguredSettings.Load(root),
            IsReportOnly = parsed.GetValue(Report),
            IsScanAllowed = parsed.GetValue(Scan),
        }, TimeProvider.System, Edge.Stopped).ConfigureAwait(false);
        Console.Write(isJson ? result.Json : result.Text);
        return result.Findings.Count == 0 ? ExitCodes.Done : ExitCodes.RulesUnproved;
    }
}
