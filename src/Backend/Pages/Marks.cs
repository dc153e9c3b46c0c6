using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>What is to be known about an entry beside its name: where a link points, and what is wrong with it. In words, never by colour alone.</summary>
internal static class Marks
{
    internal static Html Of(TreeReader tree, Entry entry, long problemsBelow = 0)
    {
        var marks = new Html();
        if (entry.Target is { } target)
        {
            marks.Add($"""<span class="quiet">→ {Printable.Bytes(target)}</span> """);
        }

        if (entry.HardLink is { } first)
        {
            marks.Add($"""<span class="quiet">same file as /{Printable.Bytes(first)}</span> """);
        }

        var missing = BadRanges.BytesAtAGlance(tree, entry);
        if (missing > 0)
        {
            marks.Add($"""<span class="bad">⚠ {Quantity.Count(missing, "byte is", "bytes are")} missing</span> """);
        }

        marks.AddAll(entry.Problems.Where(kind => kind != ProblemKind.BadRanges || missing == 0), kind => Html.Of($"""<span class="bad">⚠ {Words.Problem(kind)}</span> """));
        return problemsBelow == 0 ? marks : marks.Add($"""<span class="bad">⚠ {Quantity.Count(problemsBelow, "problem", "problems")} below</span>""");
    }
}
