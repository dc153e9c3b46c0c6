using System.Text;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>The layers of an overlay mount, from its options (Documentation/filesystems/overlayfs.rst).</summary>
internal static class Overlay
{
    /// <summary>The folders of the layers, upper one first.</summary>
    public static IReadOnlyList<string> Layers(Mount mount, OverlayLayers which)
    {
        var options = mount.SuperOptions;
        var upper = Values(options, "upperdir=").Select(value => Split(value, separator: '\0')[0]);
        if (which == OverlayLayers.Written)
        {
            return [.. upper.Where(path => path.StartsWith('/'))];
        }

        // "lowerdir=a:b::data" of one option, or "lowerdir+=a" and "datadir+=b" of one each.
        var lower = Values(options, "lowerdir=").SelectMany(value => Split(value, ':'))
            .Concat(Values(options, "lowerdir+=").Concat(Values(options, "datadir+=")).Select(value => Split(value, '\0')[0]));
        return [.. upper.Concat(lower).Where(path => path.StartsWith('/')).Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Values(IReadOnlyList<string> options, string key) =>
        options.Where(option => option.StartsWith(key, StringComparison.Ordinal)).Select(option => option[key.Length..]);

    /// <summary>Splits at a separator that no backslash precedes, and takes the backslashes away.</summary>
    private static List<string> Split(string text, char separator)
    {
        List<string> parts = [];
        var part = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                part.Append(text[++i]);
            }
            else if (text[i] == separator)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        parts.Add(part.ToString());
        return parts;
    }
}
