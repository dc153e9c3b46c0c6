using System.Buffers;
using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Imaging;

/// <summary>
/// A mapfile of GNU ddrescue (its manual, chapter "Mapfile structure"): comments from '#' to the end of a line; a line with the current
/// position, its status and the pass; then a line an area: position, size, status, ascending and without overlap. Numbers are decimal,
/// hexadecimal (0x) or octal (0).
/// </summary>
public sealed class Mapfile
{
    private const string Statuses = "?*/-+";
    private static readonly SearchValues<char> PositionStatuses = SearchValues.Create("?*/-FG+");
    private readonly List<Area> _areas = [];

    private Mapfile()
    {
    }

    /// <summary>The areas, ascending. What none covers has not been tried.</summary>
    public IReadOnlyList<Area> Areas => _areas;

    /// <summary>Reads a mapfile.</summary>
    /// <param name="where">Its name, for errors.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="AslException">MapfileInvalid, with the line.</exception>
    public static Mapfile Parse(string where, ReadOnlySpan<byte> content)
    {
        var mapfile = new Mapfile();
        var (number, hasPosition, end) = (0, false, 0L);
        foreach (var line in Encoding.Latin1.GetString(content).Split('\n'))
        {
            number++;
            var fields = line.Split('#')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0)
            {
                continue;
            }

            if (!hasPosition)
            {
                hasPosition = IsPosition(fields) ? true : throw Invalid(where, number, "the first line must be a position, its status and perhaps a pass");
                continue;
            }

            if (!TryArea(fields, out var area))
            {
                throw Invalid(where, number, "a line must be a position, a size and one of ? * / - +");
            }

            if (area.Start < end)
            {
                throw Invalid(where, number, "its areas must ascend and not overlap");
            }

            end = area.End;
            if (area.Length > 0)
            {
                mapfile._areas.Add(area);
            }
        }

        return hasPosition ? mapfile : throw Invalid(where, number, "it is empty");
    }

    /// <summary>The mapfile of an image.</summary>
    public static string Format(AreaMap map, string program)
    {
        var text = new StringBuilder();
        var isFinished = map.Areas.All(area => area.State is AreaState.Good or AreaState.Bad);
        text.Append(CultureInfo.InvariantCulture, $"# Mapfile. Written by {program} for GNU ddrescue\n");
        text.Append("# current_pos  current_status  current_pass\n");
        text.Append(CultureInfo.InvariantCulture, $"0x{0:X8}     {(isFinished ? '+' : '?')}               1\n");
        text.Append("#      pos        size  status\n");
        foreach (var area in map.Areas)
        {
            text.Append(CultureInfo.InvariantCulture, $"0x{area.Start:X8}  0x{area.Length:X8}  {Statuses[(int)area.State]}\n");
        }

        return text.ToString();
    }

    /// <summary>What it says of a device: sectors that are in several states have the one that is the least known.</summary>
    /// <param name="size">Bytes of the device.</param>
    /// <param name="sectorBytes">What is read at once.</param>
    /// <param name="readsOnlyGood">
    /// For the file that ddrescue wrote: only what is good may be read from it, all else there are zeros that nobody read. Otherwise the
    /// good is to be read like what was not tried, and the rest is where trouble is.
    /// </param>
    internal AreaMap ToMap(long size, int sectorBytes, bool readsOnlyGood)
    {
        var map = new AreaMap(size, readsOnlyGood ? AreaState.Bad : AreaState.Untried);
        foreach (var area in _areas.Where(area => area.State == AreaState.Good))
        {
            // Sectors of which a part is good only are not.
            map.Set(Up(area.Start), area.End >= size ? size : Down(area.End), AreaState.Untried);
        }

        foreach (var area in _areas.Where(area => area.State is AreaState.Untrimmed or AreaState.Unscraped or AreaState.Bad))
        {
            var (start, end) = (Down(area.Start), Up(area.End));
            var isTried = area.State == AreaState.Bad;
            map.Set(start, end, readsOnlyGood ? AreaState.Bad : area.State, readsOnlyGood && !isTried ? -Errno.EIO : Errno.EIO);
        }

        return map;

        long Down(long position) => position / sectorBytes * sectorBytes;

        long Up(long position) => Math.Min(size, position > long.MaxValue - sectorBytes ? size : (position + sectorBytes - 1) / sectorBytes * sectorBytes);
    }

    private static bool IsPosition(string[] fields) =>
        fields.Length is 2 or 3 && TryNumber(fields[0], out _) && fields[1].Length == 1 && PositionStatuses.Contains(fields[1][0])
        && (fields.Length == 2 || TryNumber(fields[2], out _));

    private static bool TryArea(string[] fields, out Area area)
    {
        area = default;
        if (fields.Length != 3 || !TryNumber(fields[0], out var start) || !TryNumber(fields[1], out var length)
            || fields[2].Length != 1 || Statuses.IndexOf(fields[2][0], StringComparison.Ordinal) is not (>= 0 and var state) || start > long.MaxValue - length)
        {
            return false;
        }

        area = new(start, start + length, (AreaState)state, 0);
        return true;
    }

    private static bool TryNumber(string text, out long value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && value >= 0;
        }

        if (text.Length < 2 || text[0] != '0')
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }

        value = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7' || value >= 1L << 60)
            {
                return false;
            }

            value = (value * 8) + (digit - '0');
        }

        return true;
    }

    private static AslException Invalid(string where, int line, string why) => new(new AslError(ErrorCode.MapfileInvalid, "a mapfile cannot be used")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"{where}:{line}"),
        Why = why,
        Fix = "name a file that GNU ddrescue wrote; ddrescuelog --show-status FILE checks it",
    });
}
