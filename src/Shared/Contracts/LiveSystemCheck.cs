namespace AslRescue.Shared.Contracts;

/// <summary>A running system against the contract: every row is there as it should be; more is looked for in /etc/asl only.</summary>
internal sealed class LiveSystemCheck(OverlayContract contract, string root, IReadOnlySet<string> mountPoints)
{
    private readonly List<OverlayFinding> _findings = [];

    public OverlayReport Run()
    {
        var rowCheck = new RowCheck(contract, root, Remedy, standIn: null, _findings);
        var rows = contract.Rows.Where(row => !IsMounted(row)).ToList();
        rows.ForEach(rowCheck.Check);
        contract.Units.ToList().ForEach(new UnitCheck(root, _findings).Check);

        var known = contract.Rows.Select(row => row.Path).ToHashSet(StringComparer.Ordinal);
        var search = new ExtrasSearch(contract, root, rowCheck, known, _findings);
        foreach (var folder in contract.Rows.Where(IsOutermostConfiguration).Where(row => Directory.Exists(OverlayPaths.Below(root, row.Path))))
        {
            search.Search(folder.Path);
        }

        return new OverlayReport(contract, root, contract.Rows.Count, _findings);
    }

    /// <summary>With something mounted on it, mode and owner are the backend's; that it exists the kernel's list says.</summary>
    private bool IsMounted(OverlayRow row) =>
        row.Class == OverlayClass.Mount && mountPoints.Contains(OverlayPaths.Below(root, row.Path));

    private bool IsOutermostConfiguration(OverlayRow row) =>
        row is { Kind: OverlayKind.Dir, Class: OverlayClass.Configuration }
        && !contract.Rows.Any(other => other.Class == OverlayClass.Configuration && row.Path.StartsWith(other.Path + "/", StringComparison.Ordinal));

    private static string Remedy(OverlayRow row) => row.Class == OverlayClass.Runtime
        ? "systemctl start asl-preflight.service asl-intake.service"
        : "load asl.srm again: its files were not there when the system was put together, or were changed since";
}
