using System.Globalization;
using System.Text;
using AslRescue.Audit.Replay;

namespace AslRescue.Audit.Report;

/// <summary>
/// The states of a run as a line that steps from lane to lane: one lane for each state, one column for each transition. Columns are evenly wide,
/// as a wait of a night beside a second's work would leave nothing to see; the times stand below.
/// </summary>
internal static class StateDrawing
{
    private const int Lane = 26;
    private const int Left = 130;
    private const int Top = 14;

    private static readonly string[] Lanes =
        ["Detecting", "AwaitingApproval", "AttachingLocal", "AttachingRemote", "Ingesting", "Retrying", "Sealed", "Halted"];

    public static string Draw(IReadOnlyList<ReplayedTransition> transitions)
    {
        var column = transitions.Count > 24 ? 28 : 46;
        var (width, height) = (Left + (column * (transitions.Count + 1)) + 20, Top + (Lanes.Length * Lane) + 34);
        var svg = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $"<svg class=\"states\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"the states of the run in their order\">\n"));
        for (var lane = 0; lane < Lanes.Length; lane++)
        {
            Line(svg, "lane", Left, Middle(lane), width - 10, Middle(lane));
            Label(svg, "name", Left - 8, Middle(lane) + 4, "end", Lanes[lane]);
        }

        var (at, from) = (Left, LaneOf(Replay.Demands.Initial));
        foreach (var one in transitions)
        {
            var (to, next) = (LaneOf(one.To), at + column);
            Line(svg, "path", at, Middle(from), next, Middle(from));
            Line(svg, "path", next, Middle(from), next, Middle(to));
            svg.Append(string.Create(CultureInfo.InvariantCulture,
                $"<circle class=\"{(one.Finding is null ? "step" : "step wrong")}\" cx=\"{next}\" cy=\"{Middle(to)}\" r=\"5\"><title>{Markup.Of($"record {one.Record.Sequence}: {one.Trigger}, {one.Clause}")}</title></circle>\n"));
            Label(svg, "when", next, height - 18, "middle", one.Record.Sequence.ToString(CultureInfo.InvariantCulture));
            (at, from) = (next, to);
        }

        Label(svg, "when", Left - 8, height - 18, "end", "record");
        return svg.Append("</svg>\n").ToString();
    }

    private static int LaneOf(string state) => Math.Max(0, Array.IndexOf(Lanes, state));

    private static int Middle(int lane) => Top + (lane * Lane) + (Lane / 2);

    private static void Line(StringBuilder svg, string css, int x1, int y1, int x2, int y2) =>
        svg.Append(string.Create(CultureInfo.InvariantCulture, $"<line class=\"{css}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"));

    private static void Label(StringBuilder svg, string css, int x, int y, string anchor, string text) =>
        svg.Append(string.Create(CultureInfo.InvariantCulture, $"<text class=\"{css}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{Markup.Of(text)}</text>\n"));
}
