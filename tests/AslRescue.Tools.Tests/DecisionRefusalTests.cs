using System.Diagnostics;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>
/// Preflight decides and intake takes the decision, with the real programs below a staged root; then the same with a decision of another
/// table, of another boot, and of a table that is not proved. The journal is read as it lies on the disk.
/// </summary>
public sealed class DecisionRefusalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Scratch _scratch = new();

    public DecisionRefusalTests()
    {
        foreach (var folder in (string[])["etc/asl/rules", "var/lib/asl", "run", "mnt/backend", "mnt/crashed"])
        {
            Directory.CreateDirectory(Staged(folder));
        }

        foreach (var rules in (string[])["preflight.toml", "intake.toml"])
        {
            File.Copy(Checkout.PathOf("rules/" + rules), Staged("etc/asl/rules/" + rules));
        }

        File.WriteAllText(Staged("etc/asl/asl.conf"), "local.kind = \"directory\"\nlocal.mount = \"/mnt/backend\"\nintake.sources = [\"/mnt/crashed\"]\n");
        _scratch.Admin("preflight").EndsWith(0);
    }

    private string Table => Staged("etc/asl/rules/preflight.toml");

    private string Record => Staged("run/asl/preflight.json");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_decision_of_this_boot_by_the_proved_table_is_taken() =>
        Serves("\"trigger\":\"decided\"", without: "\"kind\":\"waiting\"");

    [Fact]
    public void A_decision_of_another_table_is_not_taken()
    {
        File.AppendAllText(Table, "# changed since\n");
        Serves("the decision was not made by the table in", without: "\"trigger\":\"decided\"");
    }

    [Fact]
    public void A_decision_of_another_boot_is_not_taken()
    {
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        Replace(Record, boot, "53a9f4b7-0000-0000-0000-000000000000");
        Serves("the decision was made in another boot", without: "\"trigger\":\"decided\"");
    }

    [Fact]
    public void A_decision_of_a_table_that_is_not_proved_is_not_taken_whatever_the_record_claims()
    {
        // A row that breaks L1.2, and a record that names these very bytes and the old proof.
        var before = Digest(Table);
        const string Because = "\"\nbecause = \"a local backend is at hand; nobody has approved of it yet\"";
        Replace(Table, "required" + Because, "config" + Because);
        Replace(Record, before, Digest(Table));
        Serves("is not proved", without: "\"trigger\":\"decided\"");
    }

    [Fact]
    public void A_decision_that_names_another_proof_is_not_taken()
    {
        var proof = File.ReadAllText(Record).Split("\"proofDigest\": \"")[1][..64];
        Replace(Record, proof, new string('0', 64));
        Serves("names another proof", without: "\"trigger\":\"decided\"");
    }

    private static string Digest(string path) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private static void Replace(string path, string from, string to)
    {
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }

    private string Staged(string path) => _scratch.PathOf("machine/" + path);

    /// <summary>Runs the service until its journal holds a text; another text must not be in it then.</summary>
    private void Serves(string text, string without)
    {
        using var service = _scratch.StartInterruptible("asl-intake", "serve");
        try
        {
            var journal = "";
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && !journal.Contains(text, StringComparison.Ordinal); Thread.Sleep(100))
            {
                Assert.False(service.HasExited, "the service has ended");
                journal = Journal();
            }

            Assert.Contains(text, journal, StringComparison.Ordinal);
            Assert.DoesNotContain(without, journal, StringComparison.Ordinal);
        }
        finally
        {
            service.Kill();
            service.WaitForExit();
        }
    }

    private string Journal() => Directory.Exists(Staged("var/lib/asl/runtime"))
        ? string.Concat(Directory.EnumerateFiles(Staged("var/lib/asl/runtime"), "journal", SearchOption.AllDirectories).Select(File.ReadAllText))
        : "";
}
