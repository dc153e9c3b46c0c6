using System.Globalization;
using System.Text.RegularExpressions;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Contracts;

/// <summary>What the service manager makes of the exit codes of intake.</summary>
public sealed partial class ServiceUnitTests
{
    [Fact]
    public void A_sealed_run_is_no_failure_whatever_there_is_to_tell() =>
        Assert.Equal([ExitCodes.DoneWithProblems, ExitCodes.SourceWritten], Codes("SuccessExitStatus"));

    [Fact]
    public void What_would_end_the_same_way_again_is_not_begun_again() => Assert.Equal(
        [
            ExitCodes.Usage, ExitCodes.Configuration, ExitCodes.StoreUnusable, ExitCodes.RulesUnproved, ExitCodes.Denied, ExitCodes.Waiting,
            ExitCodes.Halted, ExitCodes.WriteRefused,
        ],
        Codes("RestartPreventExitStatus"));

    [Fact]
    public void Temporary_files_lie_where_the_unit_may_write()
    {
        Assert.Equal("strict", Value("ProtectSystem"));
        Assert.Contains(Value("Environment")["TMPDIR=".Length..], Value("ReadWritePaths").Split(' '));
    }

    [Fact]
    public void The_service_is_handed_every_credential_that_its_configuration_names()
    {
        var named = CredentialName().Matches(File.ReadAllText(Path.Combine(StagedTree.Checkout, "docs/configuration.md"))).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(["asl.domain.key", "asl.remote.certificate", "asl.remote.key", "asl.remote.token"], named.Order(StringComparer.Ordinal));
        Assert.Equal(named.Order(StringComparer.Ordinal), Values("LoadCredential").Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("else the credential (asl[a-z.]+[a-z])")]
    private static partial Regex CredentialName();

    private static IEnumerable<int> Codes(string key) => Value(key).Split(' ').Select(code => int.Parse(code, CultureInfo.InvariantCulture));

    private static string Value(string key) => Values(key).Single();

    private static IEnumerable<string> Values(string key) =>
        File.ReadLines(Path.Combine(StagedTree.Checkout, "overlay/etc/systemd/system/asl-intake.service"))
            .Where(line => line.StartsWith(key + "=", StringComparison.Ordinal)).Select(line => line[(key.Length + 1)..]);
}
