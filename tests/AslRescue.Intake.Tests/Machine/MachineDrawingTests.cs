using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Machine;

public sealed class MachineDrawingTests
{
    private const string Begin = "```mermaid\n";
    private const string End = "```\n";

    /// <summary>ASL_UPDATE_GOLDEN=1 dotnet test --project tests/AslRescue.Intake.Tests writes the drawing anew.</summary>
    [Fact]
    public void The_drawing_in_the_documentation_is_the_machine()
    {
        var path = Path.Combine(Repository.Root, "docs", "machine.md");
        var page = File.ReadAllText(path);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, begin, StringComparison.Ordinal);
        var drawing = IntakeMachine.Mermaid.TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, page[..begin] + drawing + page[end..]);
            return;
        }

        Assert.Equal(drawing, page[begin..end]);
    }

    [Fact]
    public void The_drawing_shows_every_transition_by_its_words() => Assert.All(IntakeMachine.Transitions, transition =>
        Assert.Contains($"{transition.Key.From} --> {transition.Value} : {transition.Key.Trigger.Word()}", IntakeMachine.Mermaid, StringComparison.Ordinal));
}
