using AslRescue.Shared.Errors;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Contracts;

/// <summary>
/// Holds a tree against the overlay's contract. Reads only, follows no link, and enters no mount point. The two uses differ:
/// <list type="bullet">
/// <item>a staged tree must be exactly the rows that go into the image, and nothing else;</item>
/// <item>a live system must have every row, also those that exist at run time only. What the base system has around them is
/// not ours to judge, so only folders that the contract makes configuration are searched for more.</item>
/// </list>
/// </summary>
public static class OverlayCheck
{
    /// <summary>Checks the tree that overlay/build stages, or an unpacked asl.srm.</summary>
    /// <exception cref="AslException">The tree cannot be read.</exception>
    public static OverlayReport Run(OverlayContract contract, string stagedRoot) =>
        Guarded(stagedRoot, () => new StagedTreeCheck(contract, stagedRoot).Run());

    /// <summary>Checks the running system, or one that hangs below <paramref name="root"/>.</summary>
    /// <exception cref="AslException">The system cannot be read.</exception>
    public static OverlayReport RunLive(OverlayContract contract, string root = "/") =>
        Guarded(root, () => new LiveSystemCheck(contract, root, MountTable.ReadLive().Points).Run());

    private static OverlayReport Guarded(string root, Func<OverlayReport> check)
    {
        try
        {
            return Directory.Exists(root) ? check() : throw new DirectoryNotFoundException("there is no such folder");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new AslException(
                new AslError(ErrorCode.OverlayUnreadable, "the overlay cannot be read")
                {
                    Where = root,
                    Why = problem.Message,
                    Fix = "name the staged tree (overlay/build makes it as OUTPUT/stage), and read it as its owner or as root",
                },
                problem);
        }
    }
}
