using System.Globalization;
using System.Text;

namespace AslRescue.Shared.Errors;

/// <summary>
/// A failure of operation as the operator should hear it: what happened, where, why, and what to do next.
/// A failure of the program itself (a broken invariant) is not an AslError: it ends the program.
/// </summary>
/// <param name="Code">The stable number.</param>
/// <param name="What">One clause, lower case, without a full stop: "block 3f9a51c2 is corrupt".</param>
public sealed record AslError(ErrorCode Code, string What)
{
    /// <summary>Path, offset, key, line: where to look. Null where <see cref="What"/> says it all.</summary>
    public string? Where { get; init; }

    /// <summary>The cause, with the values that disagree.</summary>
    public string? Why { get; init; }

    /// <summary>A command or decision that can be taken at a rescue console, or what still works.</summary>
    public required string Fix { get; init; }

    /// <summary>False when trying again, unchanged, may succeed. The thrower knows; a retry only asks.</summary>
    public bool IsPermanent { get; init; } = true;

    /// <summary>"ASL2041".</summary>
    public string CodeText => string.Create(CultureInfo.InvariantCulture, $"ASL{(int)Code}");

    /// <summary>The whole error as several lines, as it is shown on a terminal.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("error ").Append(CodeText).Append(": ").Append(Printable.Text(What));
        Line(text, "where: ", Where);
        Line(text, "why:   ", Why);
        Line(text, "fix:   ", Fix);
        return text.ToString();
    }

    private static void Line(StringBuilder text, string label, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.Append('\n').Append("  ").Append(label).Append(Printable.Text(value));
        }
    }
}
