using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Inspection;

/// <summary>Another place of an artifact.</summary>
/// <param name="Key">The artifact's.</param>
/// <param name="Block">The block that has it too.</param>
/// <param name="Offset">Where its frame starts there.</param>
public sealed record SecondCopy(Digest Key, Digest Block, int Offset);

/// <summary>
/// Looks for artifacts in the footers of all blocks of a store: the segments would not do, since of several places a merge keeps one. A footer at a
/// time is held in memory; a block whose footer is damaged is passed over.
/// </summary>
public static class SecondCopies
{
    /// <summary>The places of some artifacts outside of one block.</summary>
    /// <exception cref="AslException">The backend cannot be listed.</exception>
    public static IEnumerable<SecondCopy> Find(IBackend backend, IReadOnlySet<Digest> keys, Digest? except, CancellationToken cancellation)
    {
        foreach (var name in StoreFolders.Blocks(backend))
        {
            cancellation.ThrowIfCancellationRequested();
            if (name == except || TryRead(backend, name) is not { } footer)
            {
                continue;
            }

            foreach (var entry in footer.Entries.Where(entry => keys.Contains(entry.Key)))
            {
                yield return new(entry.Key, name, entry.Offset);
            }
        }
    }

    private static BlockFooter? TryRead(IBackend backend, Digest name)
    {
        try
        {
            return BlockFooter.Read(backend, name);
        }
        catch (AslException)
        {
            return null;
        }
    }
}
