using System.Text.RegularExpressions;

namespace AslRescue.Intake.Approvals;

/// <summary>A request, or the reason why none can be made.</summary>
public sealed record Composition(ApprovalRequest? Request, string Why);

/// <summary>Turns a decision and the configuration into the request that is asked about.</summary>
public static partial class RequestComposer
{
    private const string DatasetDefault = "asl";

    /// <summary>Composes; <paramref name="added"/> are the sources that the operator named. Pure: the same arguments give the same request.</summary>
    public static Composition Compose(
        Decision decision, IntakeSettings settings, string run, string nonce, IReadOnlyList<string> added)
    {
        var request = new ApprovalRequest
        {
            Run = run,
            Nonce = nonce,
            Kind = "",
            Sources = Sources(settings, added),
            Decision = decision.Digest.ToString(),
        };
        return decision.Mode switch
        {
            DecidedMode.Remote => Remote(request, settings.Remote),
            DecidedMode.Local when settings.Local.Kind == LocalKind.Directory => Directory(request with { Confirm = decision.Confirm }, settings.Local),
            DecidedMode.Local => Zfs(request with { Confirm = decision.Confirm }, decision.Pool, settings.Local),
            _ => throw new ArgumentOutOfRangeException(nameof(decision)),
        };
    }

    private static RequestSource[] Sources(IntakeSettings settings, IReadOnlyList<string> added) =>
    [
        .. settings.Sources
            .Select(source => new RequestSource(source.Path, source.IsTrusted ? SourceOrigins.Trusted : SourceOrigins.Untrusted))
            .Concat(added.Select(path => new RequestSource(path, SourceOrigins.Operator)))
            .DistinctBy(source => source.Path),
    ];

    private static Composition Remote(ApprovalRequest request, RemoteSettings remote)
    {
        if (remote.Endpoint is not { IsAbsoluteUri: true } endpoint)
        {
            return new Composition(null, "the mode is remote, but remote.endpoint is not set");
        }

        return endpoint.Scheme != Uri.UriSchemeHttps
            ? new Composition(null, $"remote.endpoint must be an https address, not {endpoint.Scheme}")
            : Made(request with { Kind = BackendKinds.Remote, Endpoint = endpoint.AbsoluteUri }, remote.IsTrusted);
    }

    private static Composition Directory(ApprovalRequest request, LocalSettings local) =>
        Path.IsPathFullyQualified(local.Mount)
            ? Made(request with { Kind = BackendKinds.LocalDirectory, Directory = local.Mount }, local.IsTrusted)
            : new Composition(null, $"local.mount must be an absolute path, not '{local.Mount}'");

    private static Composition Zfs(ApprovalRequest request, PoolIdentity? pool, LocalSettings local)
    {
        if (pool is null)
        {
            return new Composition(null, "the mode is local, but the decision names no pool");
        }

        if (!IsGuid(pool.Guid) || !IsPoolName(pool.Name))
        {
            return new Composition(null, "the decision names a pool with a malformed guid or name");
        }

        if (local.Pool is { } wanted && wanted != pool.Guid && wanted != pool.Name)
        {
            return new Composition(null, $"the decision names pool {pool.Name}, local.pool says {wanted}: run preflight again");
        }

        var dataset = Dataset(pool.Name, local.Dataset ?? DatasetDefault);
        if (!IsDatasetName(dataset) || !Path.IsPathFullyQualified(local.Mount))
        {
            return new Composition(null, $"'{dataset}' at '{local.Mount}' cannot be mounted: check local.dataset and local.mount");
        }

        return Made(request with
        {
            Kind = BackendKinds.LocalZfs,
            Pool = pool,
            Dataset = dataset,
            Mount = local.Mount,
            Force = !pool.IsExported,
        }, local.IsTrusted);
    }

    private static Composition Made(ApprovalRequest request, bool isTrusted) =>
        new(request with { IsTrusted = isTrusted && request.Sources.All(source => source.Origin != SourceOrigins.Untrusted) }, "");

    private static string Dataset(string pool, string dataset) =>
        dataset == pool || dataset.StartsWith(pool + "/", StringComparison.Ordinal) ? dataset : $"{pool}/{dataset}";

    /// <summary>Digits only: no guid can be taken for an option or a name.</summary>
    internal static bool IsGuid(string text) => text.Length is > 0 and <= 20 && text.All(char.IsAsciiDigit);

    /// <summary>What zpool-create(8) allows.</summary>
    internal static bool IsPoolName(string text) => PoolName().IsMatch(text);

    /// <summary>What zfs(8) allows, without snapshots and bookmarks.</summary>
    internal static bool IsDatasetName(string text) => text.Length < 256 && DatasetName().IsMatch(text);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_.: -]{0,254}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PoolName();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_.: -]*(/[A-Za-z0-9][A-Za-z0-9_.: -]*)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex DatasetName();
}
