using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Blocks;

/// <summary>
/// Looks at many blocks, eight at once, since each may wait for a network. Long footers, of blocks with very many small artifacts, are read one after the other:
/// eight of the longest would take half a gigabyte.
/// </summary>
internal static class BlockFooters
{
    private const int AtOnce = 8;
    private const int BytesMax = 2 << 20;

    /// <summary>The first thing that is wrong with any of the blocks; null when nothing is.</summary>
    /// <param name="backend">Where they lie.</param>
    /// <param name="names">Their names.</param>
    /// <param name="mayName">Whether a block may be named, and is there. Called by several threads, with its place among the names; as is <paramref name="check"/>.</param>
    /// <param name="check">What is wrong, by the footer; or null.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="AslException">ObjectMissing or BlockCorrupt, or the backend fails.</exception>
    internal static AslError? FirstError(IBackend backend, IReadOnlyList<Digest> names, Func<int, AslError?> mayName, Func<int, BlockFooter, AslError?> check, CancellationToken cancellation)
    {
        (AslError? Wrong, bool IsLeft) Look(int index, int bytesMax)
        {
            if (mayName(index) is { } wrong)
            {
                return (wrong, false);
            }

            using var file = backend.OpenExisting(ObjectName.Block(names[index]));
            return BlockFooter.TryRead(backend, names[index], file, bytesMax) is { } footer ? (check(index, footer), false) : (null, true);
        }

        try
        {
            var first = Enumerable.Range(0, names.Count).ToList().AsParallel().AsOrdered().WithDegreeOfParallelism(AtOnce).WithCancellation(cancellation)
                .Select(index => (Index: index, Found: Look(index, BytesMax)))
                .Where(look => look.Found.Wrong is not null || look.Found.IsLeft)
                .AsSequential()
                .Select(look => look.Found.Wrong ?? Look(look.Index, int.MaxValue).Wrong);
            return first.FirstOrDefault(wrong => wrong is not null);
        }
        catch (AggregateException failures) when (failures.InnerExceptions.OfType<AslException>().FirstOrDefault() is { } failure)
        {
            throw new AslException(failure.Error, failures);
        }
    }
}
