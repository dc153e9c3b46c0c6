using System.Text;

namespace AslRescue.Shared.Contracts;

/// <summary>Looks for content that the contract forbids. The whole file is read: the overlay's largest is a few megabytes.</summary>
internal static class ContentScan
{
    /// <summary>The first clause that the name of the path breaks, or null.</summary>
    public static ForbiddenContent? FindByName(OverlayContract contract, string path)
    {
        var name = Path.GetFileName(path);
        return contract.Forbidden.FirstOrDefault(clause => clause.NamePattern?.IsMatch(name) == true);
    }

    /// <summary>The first clause that the bytes of the file break, or null. <paramref name="kind"/> is null for a file without a row.</summary>
    public static ForbiddenContent? FindIn(OverlayContract contract, string place, OverlayKind? kind)
    {
        var clauses = contract.Forbidden.Where(clause => clause.ContentPattern is not null && clause.LooksInto(kind)).ToList();
        if (clauses.Count == 0)
        {
            return null;
        }

        // Latin-1 makes each byte the character of the same number, so that a pattern can name any byte.
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(place));
        return clauses.Find(clause => clause.ContentPattern!.IsMatch(text));
    }
}
