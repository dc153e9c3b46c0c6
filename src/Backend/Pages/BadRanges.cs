using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>The bytes of a content that nobody could read.</summary>
internal static class BadRanges
{
    /// <summary>Where each starts, in order; lists are read as they are needed.</summary>
    internal static IEnumerable<(long Start, ContentItem Item)> Of(TreeReader tree, Entry entry)
    {
        var start = 0L;
        foreach (var item in tree.Leaves(entry.HasBytes ? entry.Content : []))
        {
            if (item.Kind == ContentKind.BadRange)
            {
                yield return (start, item);
            }

            start += item.Length;
        }
    }

    /// <summary>How many bytes are missing.</summary>
    internal static long Bytes(TreeReader tree, Entry entry) => Of(tree, entry).Sum(range => range.Item.Length);

    /// <summary>The same for a row of a listing: lists are read only where the entry says that there is something to find.</summary>
    internal static long BytesAtAGlance(TreeReader tree, Entry entry) =>
        entry.Problems.Contains(ProblemKind.BadRanges) || entry.Content.All(item => item.Kind != ContentKind.List) ? Bytes(tree, entry) : 0;
}
