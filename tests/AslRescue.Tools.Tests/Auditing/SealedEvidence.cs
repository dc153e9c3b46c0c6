using System.Diagnostics;
using AslRescue.Audit;
using AslRescue.Audit.Notes;
using AslRescue.Store.Snapshots;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>
/// Evidence as real programs leave it: a staged machine whose preflight decided by the table, a service that asked and was answered over its socket
/// (first wrongly), a second run typed by hand; one store, signed with the domain's key.
/// </summary>
public sealed class SealedEvidence : IDisposable
{
    internal const string Domain = "rescue-domain";
    private readonly Scratch _scratch = new();

    public SealedEvidence()
    {
        foreach (var folder in (string[])["etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed"])
        {
            Directory.CreateDirectory(Machine(folder));
        }

        foreach (var rules in (string[])["preflight.toml", "intake.toml"])
        {
            File.Copy(Checkout.PathOf("rules/" + rules), Machine("etc/asl/rules/" + rules));
        }

        var key = SigningKey.Make();
        File.WriteAllText(Machine("etc/domain.pem"), key.ToPem());
        File.SetUnixFileMode(Machine("etc/domain.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Machine("etc/asl/asl.conf"),
            "local.kind = \"directory\"\nlocal.mount = \"/mnt/backend\"\nintake.sources = [\"/mnt/crashed\"]\ndomain.key = \"/etc/domain.pem\"\n");
        File.WriteAllText(Machine("mnt/crashed/letter"), string.Join('\n', Enumerable.Range(0, 4000)));
        Trust = new AuditTrust([AuditKey.TryParse(Convert.ToHexStringLower([.. key.PublicKey]))!], []);
        _scratch.Admin("preflight").EndsWith(0);
        First = ServeAndApprove();
        File.WriteAllText(Machine("mnt/crashed/another"), "more");
        _scratch.Intake("ingest", Machine("mnt/crashed"), "--store", Store).EndsWith(0);
        Files = MemoryFiles.Load(Store);
        Second = Runs().Single(run => run != First);
    }

    /// <summary>The store.</summary>
    internal string Store => Machine("mnt/backend");

    /// <summary>The run that was asked about and approved.</summary>
    internal string First { get; }

    /// <summary>The run that was typed.</summary>
    internal string Second { get; }

    /// <summary>All files of the store.</summary>
    internal IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>The domain's key.</summary>
    internal AuditTrust Trust { get; }

    internal Scratch Scratch => _scratch;

    internal string Machine(string path) => _scratch.PathOf("machine/" + path);

    internal static string Folder(string run) => $"logs/{Domain}/runs/{run}";

    public void Dispose() => _scratch.Dispose();

    private IEnumerable<string> Runs() => Directory.EnumerateDirectories(Path.Combine(Store, $"logs/{Domain}/runs")).Select(path => Path.GetFileName(path));

    private string ServeAndApprove()
    {
        using var service = _scratch.StartInterruptible("asl-intake", "serve");
        var id = Waited(() => _scratch.Intake("status", "--json") is { ExitCode: 0 } status && status.Json().TryGetProperty("request", out var request)
            && request.ValueKind == System.Text.Json.JsonValueKind.Object ? request.GetProperty("id").GetString() : null);
        Assert.NotEqual(0, _scratch.Intake("approve", "0000000000").ExitCode);
        _scratch.Intake("approve", id[..12]).EndsWith(0);
        Scratch.Finish(service).EndsWith(0);
        return Runs().Single();
    }

    private static string Waited(Func<string?> ask)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromMinutes(1); Thread.Sleep(50))
        {
            if (ask() is { } answer)
            {
                return answer;
            }
        }

        throw new TimeoutException("the service asked for nothing");
    }
}
