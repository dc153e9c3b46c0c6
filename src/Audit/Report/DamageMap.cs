using System.Globalization;
using System.Text;

namespace AslRescue.Audit.Report;

/// <summary>A range of a source that could not be read.</summary>
/// <param name="Start">Offset in bytes.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Why">What reading it gave.</param>
public sealed record DamagedRange(long Start, long Length, string Why);

/// <summary>What of a source could not be read. It lies in the store's blocks, so whoever has the store open brings it.</summary>
/// <param name="Path">The source, or a file in it.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Ranges">Ascending.</param>
public sealed record DamageMap(string Path, long Size, IReadOnlyList<DamagedRange> Ranges)
{
    private const int Width = 900;
    private const int ListedMax = 200;

    /// <summary>The map as a bar, the ranges below.</summary>
    internal string Draw()
    {
        var bad = Ranges.Aggregate(0L, (sum, range) => range.Length > long.MaxValue - sum ? long.MaxValue : sum + range.Length);
        var svg = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $"<svg class=\"map\" viewBox=\"0 0 {Width} 34\" width=\"{Width}\" height=\"34\" role=\"img\" aria-label=\"where it could not be read\"><rect class=\"good\" x=\"0\" y=\"2\" width=\"{Width}\" height=\"30\"/>\n"));
        foreach (var range in Ranges)
        {
            // At least a pixel: one bad sector of a whole disk must be seen.
            var (x, width) = (Scaled(range.Start), Math.Max(1, Scaled(range.Length)));
            svg.Append(string.Create(CultureInfo.InvariantCulture, $"<rect class=\"bad\" x=\"{x:0.##}\" y=\"2\" width=\"{width:0.##}\" height=\"30\"/>\n"));
        }

        svg.Append("</svg>\n");
        var said = Ranges.Count == 0
            ? "<p>Every byte was read.</p>\n"
            : string.Create(CultureInfo.InvariantCulture, $"<p>{bad:N0} of {Size:N0} bytes could not be read, in {Ranges.Count:N0} ranges.</p>\n");
        return svg + said + (Ranges.Count == 0 ? "" : Markup.Table("ranges", ["first byte", "bytes", "why"], Ranges.Take(ListedMax).Select(range => (IReadOnlyList<string>)
            [range.Start.ToString("N0", CultureInfo.InvariantCulture), range.Length.ToString("N0", CultureInfo.InvariantCulture), Markup.Of(range.Why)])))
            + (Ranges.Count > ListedMax ? $"<p>{Ranges.Count - ListedMax} more are not listed.</p>\n" : "");
    }

    private double Scaled(long bytes) => Size <= 0 ? 0 : (double)bytes / Size * Width;
}
