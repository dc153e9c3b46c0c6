using System.Globalization;
using AslRescue.Shared.Interop;

namespace AslRescue.Store.Trees;

/// <summary>A bad range in words, the same wherever one is listed.</summary>
public static class BadRangeText
{
    /// <summary>"bytes 4096 to 8191 could not be read: Input/output error (5)".</summary>
    public static string Of(long start, ContentItem item) => string.Create(CultureInfo.InvariantCulture,
        $"bytes {start} to {start + item.Length - 1} {Why(item.Detail)}");

    /// <summary>Why a range is bad: "could not be read: Input/output error (5)".</summary>
    public static string Why(int detail) => detail switch
    {
        0 => "were not tried",
        < 0 => $"were not tried one by one; a larger read gave: {Errno.Text(-detail)}",
        _ => $"could not be read: {Errno.Text(detail)}",
    };
}
