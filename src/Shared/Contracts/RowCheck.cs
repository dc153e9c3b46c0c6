using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// Holds what lies at one path against what the contract says of it. Adds findings, stops at nothing. `remedy` says what to do
/// when a row is missing or of another kind, which differs between a staged tree and a live one; `standIn` is an owner that
/// counts as root: that of a tree which was staged without privileges.
/// </summary>
internal sealed class RowCheck(
    OverlayContract contract, string root, Func<OverlayRow, string> remedy, OverlayOwner? standIn, List<OverlayFinding> findings)
{
    private static ReadOnlySpan<byte> ElfMagic => [0x7F, (byte)'E', (byte)'L', (byte)'F'];

    public void Check(OverlayRow row)
    {
        var place = OverlayPaths.Below(root, row.Path);
        if (OverlayPaths.StatusOf(place) is not { } status)
        {
            Add(row.Clause, OverlayFault.Missing, row.Path, $"nothing is there; {row.Reason}", remedy(row));
            return;
        }

        if (!IsKind(row.Kind, status, place))
        {
            CheckEscape(row.Clause, row.Path, status);
            Add(row.Clause, OverlayFault.WrongKind, row.Path, $"it is {Describe(status)}, and must be {Word(row.Kind)}", remedy(row));
            return;
        }

        CheckOwner(row.Clause, row.Path, row.Owner, status);
        if (row.Target is { } target)
        {
            CheckTarget(row, target, place);
            return;
        }

        CheckMode(row.Clause, row.Path, row.Mode!.Value, status);
        CheckContent(row, status, place);
    }

    /// <summary>A folder on the way to a row: the base system's, so only kind, mode and owner are said about it.</summary>
    public void CheckParent(string path)
    {
        var (clause, mode, owner, reason) = contract.Parents;
        if (OverlayPaths.StatusOf(OverlayPaths.Below(root, path)) is not { } status)
        {
            return; // the rows below it are reported missing
        }

        if (status.Kind != FileKind.Directory)
        {
            CheckEscape(clause, path, status);
            Add(clause, OverlayFault.WrongKind, path, $"it is {Describe(status)}, and must be a folder: {reason}", "run overlay/build again");
            return;
        }

        CheckMode(clause, path, mode, status);
        CheckOwner(clause, path, owner, status);
    }

    /// <summary>A link that leads out of the tree would be followed by whoever copies or mounts it.</summary>
    public bool CheckEscape(string clause, string path, FileStatus status)
    {
        if (status.Kind != FileKind.SymbolicLink)
        {
            return false;
        }

        var target = TargetOf(OverlayPaths.Below(root, path));
        if (!OverlayPaths.Leaves(path, target))
        {
            return false;
        }

        Add(clause, OverlayFault.Escape, path, $"it points to {target}, out of the tree", $"remove {OverlayPaths.Below(root, path)}");
        return true;
    }

    public static string Describe(FileStatus status) => status.Kind switch
    {
        FileKind.Directory => "a folder",
        FileKind.Regular => "a file",
        FileKind.SymbolicLink => "a link",
        _ => "a device, pipe or socket",
    };

    private static string Word(OverlayKind kind) => kind switch
    {
        OverlayKind.File => "a file",
        OverlayKind.Dir => "a folder",
        OverlayKind.Link => "a link",
        OverlayKind.Program => "a program (an ELF file)",
        OverlayKind.Library => "a library (an ELF file)",
        _ => throw new InvalidOperationException($"no word for {kind}"),
    };

    private static bool IsKind(OverlayKind kind, FileStatus status, string place) => kind switch
    {
        OverlayKind.Dir => status.Kind == FileKind.Directory,
        OverlayKind.Link => status.Kind == FileKind.SymbolicLink,
        OverlayKind.File => status.Kind == FileKind.Regular,
        _ => status.Kind == FileKind.Regular && StartsLikeElf(place),
    };

    private static bool StartsLikeElf(string place)
    {
        using var file = File.OpenRead(place);
        Span<byte> start = stackalloc byte[ElfMagic.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(ElfMagic);
    }

    private static string TargetOf(string place) => new FileInfo(place).LinkTarget ?? "";

    private void CheckMode(string clause, string path, int mode, FileStatus status)
    {
        if (status.Permissions != mode)
        {
            var (is_, must) = (OctalText((int)status.Permissions), OctalText(mode));
            Add(clause, OverlayFault.WrongMode, path, $"its mode is {is_}, and must be {must}", $"chmod {must} {OverlayPaths.Below(root, path)}");
        }
    }

    private void CheckOwner(string clause, string path, OverlayOwner owner, FileStatus status)
    {
        var found = new OverlayOwner(status.User, status.Group);
        if (found != owner && !(found == standIn && owner == default))
        {
            var fix = $"chown --no-dereference {owner} {OverlayPaths.Below(root, path)}";
            Add(clause, OverlayFault.WrongOwner, path, $"it belongs to {found}, and must belong to {owner}", fix);
        }
    }

    private void CheckTarget(OverlayRow row, string target, string place)
    {
        var found = TargetOf(place);
        if (found != target)
        {
            var fault = OverlayPaths.Leaves(row.Path, found) ? OverlayFault.Escape : OverlayFault.WrongTarget;
            var fix = $"ln --symbolic --force --no-dereference {target} {place}";
            Add(row.Clause, fault, row.Path, $"it points to {found}, and must point to {target}", fix);
        }
    }

    private void CheckContent(OverlayRow row, FileStatus status, string place)
    {
        if (status.Kind == FileKind.Regular && ContentScan.FindIn(contract, place, row.Kind) is { } found)
        {
            Add(found.Clause, OverlayFault.StateContent, row.Path, $"it holds {found.What}", found.Fix);
        }
    }

    private void Add(string clause, OverlayFault fault, string path, string why, string fix) =>
        findings.Add(new OverlayFinding(clause, fault, path, why, fix));

    private static string OctalText(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');
}
