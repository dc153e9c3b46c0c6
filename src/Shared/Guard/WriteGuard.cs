using AslRescue.Shared.Errors;
using AslRescue.Shared.Mounts;

namespace AslRescue.Shared.Guard;

/// <summary>A directory that a program is about to write below.</summary>
/// <param name="Place">What it is.</param>
/// <param name="Root">
/// For a place of the overlay's contract the root that it hangs off: then no link below that root may lead elsewhere. Null for a
/// place that a person named, whose links are that person's.
/// </param>
public sealed record WriteRoot(ProtectedPlace Place, string? Root);

/// <summary>
/// Holds every directory that will be written to against where it really leads, before the first write: not out of what the overlay's
/// contract lists, not onto the rescue medium, not onto a source. A link or a bind mount in the wrong place would otherwise turn
/// the journal into a write to the crashed disk.
/// </summary>
public static class WriteGuard
{
    /// <summary>
    /// What the contract lets programs write to: the outermost of its rows of class state, runtime and mount that hold data.
    /// A test holds this list against rules/overlay.toml.
    /// </summary>
    public static IReadOnlyList<string> ContractPlaces { get; } = ["/var/lib/asl", "/run/asl", "/mnt/asl/local", "/mnt/asl/remote"];

    /// <summary>Checks that places of the contract are in it, and that no link leads them elsewhere. Looks at links only, runs nothing.</summary>
    /// <exception cref="AslException">WriteRefused.</exception>
    public static void CheckLinks(IReadOnlyList<WriteRoot> roots, IPathView paths)
    {
        foreach (var (place, root) in roots.Where(root => root.Root is not null).Select(item => (item.Place, item.Root!)))
        {
            var below = Path.GetRelativePath(root, place.Path!);
            var real = paths.Resolve(place.Path!);
            if (!ContractPlaces.Any(listed => MountTable.IsAtOrBelow("/" + below, listed)))
            {
                throw Refused(place, "the overlay's contract does not list it", "rules/overlay.toml has what may be written to");
            }

            if (real != Path.Combine(paths.Resolve(root), below))
            {
                throw Refused(place, $"a link leads it to {real}, which the overlay's contract does not list", $"make it a directory: ls -ld {place.Path}");
            }
        }
    }

    /// <summary>Checks where the bytes would lie.</summary>
    /// <param name="roots">What will be written to.</param>
    /// <param name="storage">The machine.</param>
    /// <param name="sources">What is to be read, as far as it is known by now.</param>
    /// <param name="caller">Who asks: see <see cref="SourceGuard"/>.</param>
    /// <exception cref="AslException">WriteRefused; SourceRefused where the place is in order and the source is not.</exception>
    public static void CheckPlaces(IReadOnlyList<WriteRoot> roots, Storage storage, IReadOnlyList<string> sources, GuardCaller caller)
    {
        var medium = new RescueMedium(storage, new Footprint(storage));
        foreach (var (place, root) in roots)
        {
            if (storage.Mounts.Holding(storage.Paths.Resolve(place.Path!)) is { } mount && medium.FileSystems.Contains(mount.Number))
            {
                throw Refused(place, $"it lies on the rescue medium: {mount.Source} → {mount.Point}", $"umount {mount.Point}, or name another place");
            }

            var guard = new SourceGuard(storage, [place], caller);
            var hit = sources.Select(guard.Judge).FirstOrDefault(verdict =>
                verdict.Rule is GuardRule.HoldsPlace or GuardRule.TreeHoldsPlace or GuardRule.SameDisk);
            if (hit is not null)
            {
                throw IsWhereItShouldBe(place, root, storage, hit.Source)
                    ? new AslException(hit.Refusal!)
                    : Refused(place, $"it leads onto the source {hit.Source}: {hit.Refusal!.Why}", $"findmnt --target {place.Path}   (shows what lies there); umount it");
            }
        }
    }

    /// <summary>Then the source is the wrong one: nothing was mounted on the way to the place, or its very path lies below the source.</summary>
    private static bool IsWhereItShouldBe(ProtectedPlace place, string? root, Storage storage, string source)
    {
        var real = storage.Paths.Resolve(place.Path!);
        return root is null
            || MountTable.IsAtOrBelow(real, storage.Paths.Resolve(source))
            || storage.Mounts.Holding(real) == storage.Mounts.Holding(storage.Paths.Resolve(root));
    }

    /// <summary>Checks a directory that a snapshot is to be restored to.</summary>
    /// <param name="target">As the operator named it; it need not exist yet.</param>
    /// <param name="places">What it must not lie in: the store, intake's state.</param>
    /// <param name="storage">The machine.</param>
    /// <param name="sources">What is configured to be read: a crashed disk is not restored to.</param>
    /// <exception cref="AslException">TargetRefused.</exception>
    public static void CheckTarget(string target, IReadOnlyList<ProtectedPlace> places, Storage storage, IReadOnlyList<string> sources)
    {
        var footprint = new Footprint(storage);
        var here = footprint.Places(target);
        var inside = places.FirstOrDefault(place => place.Places(footprint).Take(1).Any(outer => here.Any(outer.Holds)));
        var medium = storage.Mounts.Holding(storage.Paths.Resolve(target)) is { } mount
            && new RescueMedium(storage, footprint).FileSystems.Contains(mount.Number);
        var guard = new SourceGuard(storage, [ProtectedPlace.Written("the restore target", target)], GuardCaller.ByHand);
        var source = sources.Select(guard.Judge).FirstOrDefault(verdict => verdict.Rule is GuardRule.HoldsPlace or GuardRule.TreeHoldsPlace);
        if (inside is not null || medium || source is not null)
        {
            throw new AslException(new AslError(ErrorCode.TargetRefused, "nothing is restored there")
            {
                Where = target,
                Why = inside is not null ? $"it lies in {inside}"
                    : medium ? "it lies on the rescue medium" : $"it leads onto the source {source!.Source}: {source.Why}",
                Fix = "name a directory on another disk",
            });
        }
    }

    private static AslException Refused(ProtectedPlace place, string why, string fix) =>
        new(new AslError(ErrorCode.WriteRefused, $"{place.Name} cannot be written to safely, so nothing is written")
        {
            Where = place.Path,
            Why = why,
            Fix = fix,
        });
}
