using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Pools;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether `local.approve-import` names the backend at hand: the pool's guid or name, or with a directory backend the directory.
/// As for the endpoint, an approval of what comes from an untrusted origin is none.
/// </summary>
internal static class LocalApproval
{
    /// <param name="settings">The configuration.</param>
    /// <param name="choice">The pool that was chosen; not looked at for a directory.</param>
    /// <param name="mountedDataset">The dataset at local.mount, when the right one is mounted already.</param>
    public static Fact Judge(PreflightSettings settings, PoolChoice? choice, string? mountedDataset)
    {
        if (settings.LocalApproveImport is not { } approve)
        {
            return None("local.approve-import is not set");
        }

        var untrusted = RemoteApproval.Untrusted(approve, "local.approve-import")
            ?? RemoteApproval.Untrusted(settings.LocalKind, "local.kind")
            ?? RemoteApproval.Untrusted(settings.LocalPool, "local.pool")
            ?? RemoteApproval.Untrusted(settings.LocalDataset, "local.dataset")
            ?? RemoteApproval.Untrusted(settings.LocalMount, "local.mount")
            ?? RemoteApproval.UntrustedSource(settings);
        return untrusted is not null ? None(untrusted)
            : settings.LocalKind.Value == "directory" ? Directory(settings, approve)
            : mountedDataset is not null ? Mounted(approve, mountedDataset, choice)
            : Pool(approve, choice);
    }

    private static Fact Directory(PreflightSettings settings, Setting<string> approve) =>
        approve.Value.TrimEnd('/') == settings.LocalMount.Value.TrimEnd('/')
            ? Config(approve)
            : None($"local.approve-import names {approve.Value}, not {settings.LocalMount.Value}");

    private static Fact Mounted(Setting<string> approve, string dataset, PoolChoice? choice)
    {
        var pool = dataset.Split('/')[0];
        var isCalled = pool == approve.Value || (choice?.Pool is { } seen && seen.Name == pool && seen.IsCalled(approve.Value));
        return isCalled ? Config(approve) : None($"local.approve-import names {approve.Value}, but {dataset} is mounted");
    }

    private static Fact Pool(Setting<string> approve, PoolChoice? choice) => choice switch
    {
        { Pool: { } pool } when pool.IsCalled(approve.Value) => Config(approve),
        { Pool: { } pool } => None($"local.approve-import names {approve.Value}, not {pool.Name} ({pool.Guid})"),
        null or { Candidate: FactDefinition.Unknown } =>
            Fact.Unknown(FactIds.ApprovalLocal, $"it could not be seen whether {approve.Value} is here"),
        _ => None($"local.approve-import names {approve.Value}: {choice.Says}"),
    };

    private static Fact Config(Setting<string> approve) =>
        new(FactIds.ApprovalLocal, "config", $"local.approve-import = {approve.Value} ({approve.Origin})", []);

    private static Fact None(string reason) => new(FactIds.ApprovalLocal, "none", reason, []);
}
