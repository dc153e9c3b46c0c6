using System.Text.Json;

namespace AslRescue.Tools.Tests.Running;

/// <summary>What a process left behind.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    /// <summary>Fails, with what the program said, unless it ended with this code.</summary>
    internal ProgramRun EndsWith(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>The output as JSON; it must be one document and nothing else.</summary>
    internal JsonElement Json() => JsonDocument.Parse(Output).RootElement;
}
