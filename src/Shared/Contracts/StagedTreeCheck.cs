using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Contracts;

/// <summary>A staged tree against the contract: every row that goes into the image, its parents, and nothing else.</summary>
internal sealed class StagedTreeCheck
{
    private readonly OverlayContract _contract;
    private readonly string _root;
    private readonly List<OverlayFinding> _findings = [];
    private readonly RowCheck _rowCheck;

    public StagedTreeCheck(OverlayContract contract, string root)
    {
        (_contract, _root) = (contract, root);
        _rowCheck = new RowCheck(contract, root, _ => "run overlay/build again, and see what it says of this path", StandIn(root), _findings);
    }

    public OverlayReport Run()
    {
        var rows = _contract.Rows.Where(row => row.IsInImage).ToList();
        var parents = _contract.ImpliedParents().ToList();
        parents.ForEach(_rowCheck.CheckParent);
        rows.ForEach(_rowCheck.Check);
        _contract.Units.ToList().ForEach(new UnitCheck(_root, _findings).Check);

        var known = rows.Select(row => row.Path).Concat(parents).ToHashSet(StringComparer.Ordinal);
        new ExtrasSearch(_contract, _root, _rowCheck, known, _findings).Search("");
        return new OverlayReport(_contract, _root, known.Count, _findings);
    }

    /// <summary>Without privileges a tree cannot be staged as root's; mksquashfs then pins the owner in the image.</summary>
    private static OverlayOwner? StandIn(string root) =>
        OverlayPaths.StatusOf(root) is { User: not 0 } status ? new OverlayOwner(status.User, status.Group) : null;
}
