using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// Walks a tree and reports what has no row. Of a folder without a row only the folder is reported, but it is still searched:
/// a key or a link that leads away is named wherever it hides. `known` are the paths that have a row, or lead to one.
/// </summary>
internal sealed class ExtrasSearch(
    OverlayContract contract, string root, RowCheck rowCheck, HashSet<string> known, List<OverlayFinding> findings)
{
    /// <summary>Searches below a path of the target; "" is the root.</summary>
    public void Search(string folder, bool isReported = false)
    {
        var place = OverlayPaths.Below(root, folder + "/");
        foreach (var entry in Directory.EnumerateFileSystemEntries(place).Order(StringComparer.Ordinal))
        {
            Visit(folder + "/" + Path.GetFileName(entry), isReported);
        }
    }

    private void Visit(string path, bool isReported)
    {
        // A name that is not UTF-8 cannot be asked for again and comes back as null: an extra of unknown type.
        var status = OverlayPaths.StatusOf(OverlayPaths.Below(root, path));
        var isKnown = known.Contains(path);
        if (!isKnown && !ReportState(path, status) && !isReported)
        {
            Report(path, status);
        }

        if (status?.Kind == FileKind.Directory)
        {
            Search(path, isReported || !isKnown);
        }
    }

    /// <summary>What is worse than merely extra: state, identity, secrets, and links that leave the tree.</summary>
    private bool ReportState(string path, FileStatus? status)
    {
        if (status is { } known && rowCheck.CheckEscape(ClauseOf(path), path, known))
        {
            return true;
        }

        var found = ContentScan.FindByName(contract, path) ?? FindByContent(path, status);
        if (found is not null)
        {
            findings.Add(new OverlayFinding(found.Clause, OverlayFault.StateContent, path, $"it is {found.What}", found.Fix));
        }

        return found is not null;
    }

    private ForbiddenContent? FindByContent(string path, FileStatus? status) => status?.Kind == FileKind.Regular
        ? ContentScan.FindIn(contract, OverlayPaths.Below(root, path), kind: null)
        : null;

    private void Report(string path, FileStatus? status)
    {
        var place = OverlayPaths.Below(root, path);
        var what = status is { } known ? RowCheck.Describe(known) : "something with an unreadable name";
        var (why, fix) = contract.Rows.FirstOrDefault(row => row.Path == path) is { } row
            ? ($"{what} that exists at run time only: {row.Reason}", $"remove {place} from the staged tree")
            : ($"{what} without a row in the contract", $"remove {place}, or give it a row with its reason in rules/overlay.toml");
        findings.Add(new OverlayFinding(ClauseOf(path), OverlayFault.Extra, path, why, fix));
    }

    /// <summary>The clause of the path itself, else of the nearest folder with a row, else of the parents.</summary>
    private string ClauseOf(string path) => OverlayContract.Above(path).Prepend(path)
        .Select(above => contract.Rows.FirstOrDefault(row => row.Path == above)?.Clause)
        .FirstOrDefault(clause => clause is not null) ?? contract.Parents.Clause;
}
