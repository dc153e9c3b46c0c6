using System.Globalization;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Records;

namespace AslRescue.Preflight.Explanations;

/// <summary>
/// Writes a remedy for one machine: with its pools and paths, and with the place where a line of configuration counts.
/// </summary>
internal sealed class RemedyText(DecisionRecord record)
{
    private const string Trusted = "/etc/asl/";

    /// <summary>The command, the line, or the reason, for one change of a plan.</summary>
    /// <param name="change">The change.</param>
    /// <param name="plan">All changes: an approval names what the others lead to.</param>
    public string Of(FactChange change, IReadOnlyList<FactChange> plan)
    {
        var remedy = Remedies.Of(change.Fact, change.From, change.To);
        string[] parts = [remedy.How, remedy.Key is null ? "" : Line(remedy.Key, remedy.Value is null ? null : Filled(remedy.Value, plan))];
        return Filled(string.Join(": ", parts.Where(part => part.Length > 0)), plan) + Doubts(change);
    }

    /// <summary>The line that names a pool.</summary>
    public string Naming(ulong guid) => Line("local.pool", string.Create(CultureInfo.InvariantCulture, $"\"{guid}\""));

    /// <summary>
    /// SystemRescue's YAML and the kernel command line outrank /etc/asl, so a key that one of them sets is set on the command line.
    /// </summary>
    private string Line(string key, string? value)
    {
        var origin = record.Settings.FirstOrDefault(setting => setting.Key == key)?.Origin;
        var isOutranked = origin is not (null or "default" or "built-in") && !origin.StartsWith(Trusted, StringComparison.Ordinal);
        return (value, isOutranked) switch
        {
            (null, _) => $"take {key} out of {origin ?? "the configuration"}",
            (_, true) => $"asl.{key}={value.Replace("\"", "", StringComparison.Ordinal)} on the kernel command line, as {origin} outranks /etc/asl",
            _ => $"{key} = {value} in /etc/asl/asl.conf",
        };
    }

    private string Filled(string words, IReadOnlyList<FactChange> plan) => words
        .Replace("{approve}", IsDirectory(plan) ? Mount : Pool, StringComparison.Ordinal)
        .Replace("{pool}", Pool, StringComparison.Ordinal)
        .Replace("{mount}", Mount, StringComparison.Ordinal)
        .Replace("{network}", Network, StringComparison.Ordinal);

    /// <summary>An approval counts only when all that it is about is trusted: what is not has to be said again.</summary>
    private string Doubts(FactChange change)
    {
        var about = change switch
        {
            { Fact: FactIds.ApprovalLocal, To: "config" } => "local.",
            { Fact: FactIds.ApprovalRemote, To: "config" } => "remote.",
            _ => null,
        };
        var doubtful = record.Settings
            .Where(setting => about is not null && !setting.IsTrusted
                && (setting.Key.StartsWith(about, StringComparison.Ordinal) || setting.Key == "intake.sources"))
            .Select(setting => setting.Key).Distinct().ToList();
        return doubtful.Count == 0 ? "" : $"; and set on the kernel command line what anybody may have written: {string.Join(", ", doubtful)}";
    }

    private bool IsDirectory(IReadOnlyList<FactChange> plan) =>
        (plan.FirstOrDefault(change => change.Fact == FactIds.LocalKind)?.To ?? Value(FactIds.LocalKind)) == "directory";

    private string? Value(string fact) => record.Facts.FirstOrDefault(one => one.Id == fact)?.Value;

    private string Mount => record.Settings.FirstOrDefault(setting => setting.Key == "local.mount")?.Value ?? "/mnt/asl/local";

    /// <summary>What any endpoint needs, and is not there.</summary>
    private string Network => string.Concat(
        new[] { FactIds.NetLink, FactIds.NetAddress, FactIds.NetRoute }.Where(layer => Value(layer) == "no")
            .Select(layer => $"; {layer} = no: {Remedies.Of(layer, "no", "yes").How}"));

    /// <summary>The guid that can be meant: of the pool that is the target, or the only one that is there.</summary>
    private string Pool
    {
        get
        {
            var alive = record.Pools.Where(pool => pool.State != "destroyed").ToList();
            return (record.Target.PoolGuid ?? (alive is [var one] ? one.Guid : null))?.ToString(CultureInfo.InvariantCulture)
                ?? (alive.Count == 0 ? "GUID" : string.Join("\" or \"", alive.Select(pool => pool.Guid)));
        }
    }
}
