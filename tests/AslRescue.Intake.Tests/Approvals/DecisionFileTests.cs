using System.Text;
using AslRescue.Intake.Approvals;
using AslRescue.Shared;

namespace AslRescue.Intake.Tests.Approvals;

public sealed class DecisionFileTests : IDisposable
{
    private const string Table = "format = 1\n";
    private const string Proof = "0123abcd";
    private readonly IntakePaths _paths = new(Directory.CreateTempSubdirectory("asl-decision-").FullName);

    public DecisionFileTests()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.Mode)!);
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.Table)!);
        Write();
    }

    [Fact]
    public void A_decision_of_this_boot_made_by_the_installed_table_is_taken()
    {
        var decision = Assert.IsType<Decision>(Read().Decision);
        Assert.Equal((DecidedMode.Local, "L2", "one exported pool"), (decision.Mode, decision.Row, decision.Because));
        Assert.Equal(new PoolIdentity("123", "rescuepool", true, "crashed", "8323329"), decision.Pool);
        Assert.Equal(File.ReadAllBytes(_paths.Record), decision.Record);
        Assert.Equal(Table, Encoding.UTF8.GetString(decision.Table!));
    }

    [Fact]
    public void A_remote_decision_is_taken_too()
    {
        Write(mode: "remote\n", decision: Decision("remote"));
        Assert.Equal(DecidedMode.Remote, Read().Decision!.Mode);
    }

    [Theory]
    [InlineData("\"config\"", false)]
    [InlineData("\"required\"", true)]
    [InlineData("\"something new\"", true)]
    [InlineData("null", true)]
    public void A_person_is_needed_unless_the_record_says_otherwise(string approval, bool isNeeded)
    {
        Write(decision: $"{{\"mode\":\"local\",\"approval\":{approval},\"row\":\"L2\",\"because\":\"one exported pool\"}}");
        Assert.Equal(isNeeded, Read().Decision!.NeedsOperator);
    }

    [Fact]
    public void What_a_person_has_to_confirm_is_read()
    {
        Assert.Null(Read().Decision!.Confirm);
        Write(decision: "{\"mode\":\"local\",\"approval\":\"required\",\"row\":\"L2\",\"because\":\"look\",\"confirm\":\"it lacks a device\"}");
        Assert.Equal("it lacks a device", Read().Decision!.Confirm);
    }

    [Fact]
    public void Anything_else_means_wait_and_says_why()
    {
        Waits(() => Write(mode: "wait\n", decision: Decision("wait")), "preflight says wait: one exported pool");
        Waits(() => Write(mode: "remote\n"), "says 'remote', the record beside it 'local'");
        Waits(() => Write(mode: "auto\n", decision: Decision("auto")), "'auto' is unknown");
        Waits(() => Write(boot: "\"another\""), "another boot (another)");
        Waits(() => Write(boot: "null"), "another boot");
        Waits(() => Write(table: "another table"), "not made by the table");
        Waits(() => File.Delete(_paths.Table), "not made by the table");
        Waits(() => Write(proof: "null"), "names no proved table");
        Waits(() => Write(proof: "\"4567\""), "names another proof");
        Waits(() => Write(table: "format = 2\n", digestOf: "format = 2\n"), "is not proved");
        Waits(() => Write(format: 2), "not of format 1");
        Waits(() => Write(decision: "7"), "names no mode");
        Waits(() => Write(decision: "{\"mode\":[]}"), "names no mode");
        Waits(() => File.WriteAllText(_paths.Record, "[]"), "not of format 1");
        Waits(() => File.WriteAllText(_paths.Record, "{\"format\":"), "cannot be read");
        Waits(() => File.Delete(_paths.Record), "has not decided");
        Waits(() => File.Delete(_paths.Mode), "has not decided");
        Waits(() => Directory.Delete(Path.GetDirectoryName(_paths.Mode)!, recursive: true), "has not decided");
    }

    [Fact]
    public void A_record_without_end_means_wait()
    {
        File.WriteAllBytes(_paths.Record, new byte[5 * 1024 * 1024]);
        Assert.Contains("longer than", Read().Wait, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_beginning_of_the_record_means_wait()
    {
        var whole = File.ReadAllBytes(_paths.Record);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_paths.Record, whole[..length]);
            Assert.Null(Read().Decision);
        }
    }

    [Theory]
    [InlineData("exported", true)]
    [InlineData("imported", true)]
    [InlineData("foreign", false)]
    [InlineData("something new", false)]
    public void A_pool_is_foreign_unless_the_record_says_otherwise(string state, bool isExported)
    {
        Write(target: $"{{\"kind\":\"pool\",\"pool\":\"rescuepool\",\"poolGuid\":18446744073709551615,\"poolState\":\"{state}\"}}");
        Assert.Equal(new PoolIdentity("18446744073709551615", "rescuepool", isExported, null, null), Read().Decision!.Pool);
    }

    public void Dispose() => Directory.Delete(_paths.Root, recursive: true);

    private void Waits(Action spoil, string why)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.Mode)!);
        Write();
        Assert.NotNull(Read().Decision);
        spoil();
        var reading = Read();
        Assert.Null(reading.Decision);
        Assert.Contains(why, reading.Wait, StringComparison.Ordinal);
    }

    private DecisionReading Read() => new DecisionFile(_paths, "boot-1", ProofOf).Read();

    /// <summary>Stands for the prover, which Intake does not know: one table is proved, and its proof has a digest of its own.</summary>
    private static string? ProofOf(byte[] table) => Encoding.UTF8.GetString(table) == Table ? Proof : null;

    private void Write(
        string mode = "local\n", string boot = "\"boot-1\"", string? decision = null, string table = Table, string? target = null,
        string? proof = null, int format = 1, string digestOf = Table)
    {
        var digest = $"\"{Digest.Of(Encoding.UTF8.GetBytes(digestOf))}\"";
        target ??= """{"kind":"pool","pool":"rescuepool","poolGuid":"123","poolState":"exported","ownerHostName":"crashed","ownerHostId":8323329}""";
        File.WriteAllText(_paths.Mode, mode);
        File.WriteAllText(_paths.Record,
            $"{{\"format\":{format},\"bootId\":{boot},\"decision\":{decision ?? Decision("local")},\"target\":{target},"
            + $"\"table\":{{\"path\":\"/etc\",\"digest\":{digest},\"proofDigest\":{proof ?? $"\"{Proof}\""}}},\"earlier\":[]}}");
        File.WriteAllText(_paths.Table, table);
    }

    private static string Decision(string mode) => $"{{\"mode\":\"{mode}\",\"row\":\"L2\",\"because\":\"one exported pool\"}}";
}
