namespace AslRescue.Intake.Approvals;

/// <summary>Whether the configuration approves a request, and by which key; or why it does not.</summary>
public sealed record ConfigApproval(bool IsGiven, string Because)
{
    /// <summary>
    /// The configuration can only approve what trusted origins named, and a foreign pool only as "guid@owner": a name may be shared, and
    /// whoever wrote the guid alone may not have known that somebody else last used the pool. Where the table demands a person's yes,
    /// the configuration's is none; but "guid@owner" is the very confirmation that a foreign pool's row asks for.
    /// </summary>
    public static ConfigApproval For(ApprovalRequest request, IntakeSettings settings, Decision decision)
    {
        if (!request.IsTrusted)
        {
            return No("the backend or a source was not configured in /etc/asl or on the kernel command line");
        }

        if (request.Sources.Count == 0)
        {
            return No("no source is configured");
        }

        var given = request.Kind == BackendKinds.Remote ? Remote(settings.Remote) : Local(request, settings.Local);
        return given.IsGiven && decision.NeedsOperator && request.Force != true
            ? No($"the decision table demands that a person looks at it: {decision.Confirm ?? decision.Because}")
            : given;
    }

    private static ConfigApproval Remote(RemoteSettings remote)
    {
        if (!remote.Approve)
        {
            return No("remote.approve is not set");
        }

        return remote.IsApprovalTrusted
            ? new ConfigApproval(true, "remote.approve = true")
            : No("remote.approve does not come from /etc/asl or the kernel command line");
    }

    private static ConfigApproval Local(ApprovalRequest request, LocalSettings local)
    {
        if (local.ApproveImport is not { Length: > 0 } approved)
        {
            return No("local.approve-import is not set");
        }

        if (!local.IsApprovalTrusted)
        {
            return No("local.approve-import does not come from /etc/asl or the kernel command line");
        }

        return Accepted(request).Contains(approved, StringComparer.Ordinal)
            ? new ConfigApproval(true, $"local.approve-import = \"{approved}\"")
            : No(WhyNot(request, approved));
    }

    private static IReadOnlyList<string> Accepted(ApprovalRequest request) => request switch
    {
        { Directory: { } directory } => [directory],
        { Pool: { } pool, Force: not true } => [pool.Guid, pool.Name],
        { Pool: { OwnerHost: { } owner } pool } => [$"{pool.Guid}@{owner}"],
        _ => [],
    };

    private static string WhyNot(ApprovalRequest request, string approved) => request switch
    {
        { Pool: { OwnerHost: null }, Force: true } => "the pool is foreign and its label names no owner: only an operator can approve it",
        { Pool: { } pool, Force: true } =>
            $"the pool is foreign: only an operator, or \"{pool.Guid}@{pool.OwnerHost}\", approves it, not \"{approved}\"",
        _ => $"local.approve-import names \"{approved}\", which this is not",
    };

    private static ConfigApproval No(string why) => new(false, why);
}
