using AslRescue.Preflight.Toml;
using AslRescue.Shared.Processes;

namespace AslRescue.Preflight.Machines;

/// <summary>
/// Programs as they were recorded: found by their whole command line. A program that is installed but was not recorded with this
/// command line is refused, as nobody knows what it would have said.
/// </summary>
internal sealed class RecordedTools(string root, IReadOnlyList<TomlSection> sections) : IToolRunner
{
    private readonly IReadOnlyList<string> _installed = sections[0].Find("programs")?.Texts ?? [];

    private readonly string? _searchProblem = sections[0].Text("search-problem");

    public ToolPlace Find(string program) =>
        _installed.Contains(program) ? new ToolPlace("/usr/sbin/" + program) : new ToolPlace(null, _searchProblem);

    public Task<ToolOutcome> RunAsync(ToolCommand command, CancellationToken cancellationToken) => Task.FromResult(Run(command));

    private ToolOutcome Run(ToolCommand command)
    {
        if (Find(command.Program) is { Path: null } place)
        {
            return place.IsMissing ? new ToolOutcome.Missing(TimeSpan.Zero) : new ToolOutcome.Refused(place.Cause!, TimeSpan.Zero);
        }

        var run = sections.FirstOrDefault(section => section.Header == "run" && section.Text("command") == command.Line);
        return run switch
        {
            null => new ToolOutcome.Refused("no recording of this command line", TimeSpan.Zero),
            _ when run.Find("hangs")?.Value is true => new ToolOutcome.TimedOut(command.Budget),
            _ when run.Text("refused") is { } reason => new ToolOutcome.Refused(reason, TimeSpan.Zero),
            _ => Ran(run),
        };
    }

    private ToolOutcome.Ran Ran(TomlSection run)
    {
        var output = run.Text("output") is { } file ? File.ReadAllText(Path.Combine(root, file)) : run.Text("stdout") ?? "";
        var exit = run.Find("exit")?.Value is long number ? (int)number : 0;
        return new ToolOutcome.Ran(exit, output, run.Text("stderr") ?? "", IsCut: false, TimeSpan.Zero);
    }
}
