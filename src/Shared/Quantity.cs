using System.Globalization;

namespace AslRescue.Shared;

/// <summary>Numbers as people read them.</summary>
public static class Quantity
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>Decimal units, three digits: "1.23 GB".</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        var format = unit == 0 || bytes >= 99.95 ? "F0" : bytes >= 9.995 ? "F1" : "F2";
        return $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    /// <summary>"1 file", "12,345 files".</summary>
    public static string Count(long count, string singular, string plural) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? singular : plural)}");

    /// <summary>"42 s", "3 min", "2 h", "5 days": how long something has been so.</summary>
    public static string Rounded(TimeSpan time) => time switch
    {
        { TotalSeconds: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalSeconds} s"),
        { TotalMinutes: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMinutes} min"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalDays} days"),
    };

    /// <summary>"42 s", "3:07 min", "2:05:09 h".</summary>
    public static string Duration(TimeSpan time) => time.TotalSeconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s")
        : time.TotalHours < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time:m\\:ss} min")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss} h");
}
