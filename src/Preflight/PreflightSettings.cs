using AslRescue.Shared.Errors;

namespace AslRescue.Preflight;

/// <summary>A value of the configuration, and whose word it is.</summary>
/// <param name="Value">The value.</param>
/// <param name="Origin">Where it was said: "/etc/asl/asl.conf:3", "kernel command line", "built-in".</param>
/// <param name="IsTrusted">False for what may be anybody's word: such a value never counts as approved.</param>
public sealed record Setting<T>(T Value, string Origin, bool IsTrusted = true);

/// <summary>
/// What preflight takes from the configuration. A key that nobody set is null, unless there is a built-in value.
/// </summary>
public sealed record PreflightSettings
{
    /// <summary>
    /// Set when the configuration cannot be used: every fact of it is then unknown, and the decision is to wait.
    /// </summary>
    public AslError? Problem { get; init; }

    /// <summary>auto, local or remote.</summary>
    public Setting<string> Mode { get; init; } = new("auto", "built-in");

    /// <summary>zfs or directory.</summary>
    public Setting<string> LocalKind { get; init; } = new("zfs", "built-in");

    /// <summary>The pool's name or guid.</summary>
    public Setting<string>? LocalPool { get; init; }

    /// <summary>The dataset, with or without the pool's name before it.</summary>
    public Setting<string>? LocalDataset { get; init; }

    /// <summary>Where the dataset is mounted, or the directory that is the backend.</summary>
    public Setting<string> LocalMount { get; init; } = new("/mnt/asl/local", "built-in");

    /// <summary>Guid or name of the pool that may be imported; with a directory backend, the directory.</summary>
    public Setting<string>? LocalApproveImport { get; init; }

    /// <summary>An https URL.</summary>
    public Setting<string>? RemoteEndpoint { get; init; }

    /// <summary>A PEM file with the only certificates to trust.</summary>
    public Setting<string>? RemoteCa { get; init; }

    /// <summary>
    /// SHA-256 of the endpoint's certificate (DER), 64 hexadecimal digits.
    /// </summary>
    public Setting<string>? RemotePin { get; init; }

    /// <summary>An http URL.</summary>
    public Setting<string>? RemoteProxy { get; init; }

    /// <summary>Whether the endpoint may be used without asking.</summary>
    public Setting<bool>? RemoteApprove { get; init; }

    /// <summary>What intake is to read.</summary>
    public IReadOnlyList<Setting<string>> Sources { get; init; } = [];

    /// <summary>Every value that is set, for the record, with user and password taken out of URLs.</summary>
    public IEnumerable<(string Key, string Value, string Origin, bool IsTrusted)> All()
    {
        Setting<string>? approve = RemoteApprove is { } set
            ? new(set.Value ? "true" : "false", set.Origin, set.IsTrusted)
            : null;
        (string Key, Setting<string>? Setting)[] singles =
        [
            ("mode", Mode), ("local.kind", LocalKind), ("local.pool", LocalPool), ("local.dataset", LocalDataset),
            ("local.mount", LocalMount), ("local.approve-import", LocalApproveImport), ("remote.endpoint", RemoteEndpoint),
            ("remote.ca", RemoteCa), ("remote.pin", RemotePin), ("remote.proxy", RemoteProxy), ("remote.approve", approve),
        ];
        var sources = Sources.Select(source => ("intake.sources", (Setting<string>?)source));
        return from pair in singles.Concat(sources)
               where pair.Item2 is not null
               select (pair.Item1, WithoutSecret(pair.Item2.Value), pair.Item2.Origin, pair.Item2.IsTrusted);
    }

    /// <summary>A URL without user and password; anything else as it is.</summary>
    internal static string WithoutSecret(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
            ? new UriBuilder(uri) { UserName = "", Password = "" }.Uri.ToString()
            : value;
}
