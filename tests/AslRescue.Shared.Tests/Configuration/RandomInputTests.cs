using System.Text.RegularExpressions;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using CsCheck;

namespace AslRescue.Shared.Tests.Configuration;

/// <summary>
/// Whatever the files hold, loading them gives a configuration or an AslException with a place, and nothing else. CsCheck prints
/// the seed of a failure; CsCheck_Seed repeats it.
/// </summary>
public sealed class RandomInputTests
{
    /// <summary>Pieces that get past the first character of a parser, joined at random.</summary>
    private static readonly string[] Pieces =
    [
        "mode", "local", ".", "mount", " = ", "=", "auto", "/mnt/x", "\n", "\r\n", " # c", "#", "\"", "'", "\"\"\"", "'''", "[", "]", "[[", "]]",
        "{", "}", ",", "\\", "\\u", "\ud83d", "é", "😀", "\0", "\t", "1", "0x", "1e9", "true", "2026-01-01", "inf", "-", "_", "peers", "id", "keys",
        "intake.sources", "domain.id", ":", "asl", "asl.mode", "\"asl\"", "null", "\\ud800", " ",
    ];

    private static readonly string[] Files =
    [
        ConfiguredMachine.AslConf, ConfiguredMachine.FederationConf, ConfiguredMachine.LoggingConf, ConfiguredMachine.Yaml,
        ConfiguredMachine.CommandLine,
    ];

    private static readonly Gen<byte[]> Assembled =
        Gen.OneOf(Pieces).Array[0, 25].Select(pieces => System.Text.Encoding.UTF8.GetBytes(string.Concat(pieces)));

    /// <summary>Pieces of a value without quotes; a tab only where it begins a comment, as no path has one.</summary>
    private static readonly string[] ValuePieces = ["a", "/", " ", "#", " #", "\t#", "\"", "'", "[", "}", "=", "\\", "é", "😀", "1"];

    [Fact]
    public void Random_bytes_never_crash_a_parser() => LoadsOrSaysWhy(Gen.Byte.Array[0, 60]);

    [Fact]
    public void Random_syntax_never_crashes_a_parser() => LoadsOrSaysWhy(Assembled);

    [Fact]
    public void Random_values_never_crash_a_type()
    {
        using var machine = new ConfiguredMachine();
        Gen.Select(Gen.OneOf(ConfigurationKeys.All.ToArray()), Gen.OneOf(Assembled.Select(System.Text.Encoding.UTF8.GetString), Gen.String))
            .Sample((key, value) => LoadsOrSaysWhy(machine, $"option {key.Name}", (key.Name, value)), iter: 3000, threads: 1);
    }

    [Fact]
    public void An_unquoted_text_reads_back_as_it_was_written()
    {
        using var machine = new ConfiguredMachine();
        Gen.OneOf(ValuePieces).Array[1, 20].Select(pieces => "/x" + string.Concat(pieces))
            .Sample(written => ReadsBack(machine, written), iter: 2000, threads: 1);
    }

    private static void LoadsOrSaysWhy(Gen<byte[]> contents)
    {
        using var machine = new ConfiguredMachine();
        Gen.Select(Gen.OneOf(Files), contents).Sample(
            (file, bytes) =>
            {
                machine.And(file, bytes);
                LoadsOrSaysWhy(machine, file);
                File.Delete(machine.Root + file);
            },
            iter: 2000,
            threads: 1);
    }

    private static void LoadsOrSaysWhy(ConfiguredMachine machine, string where, params (string Key, string Value)[] options)
    {
        try
        {
            Assert.NotEmpty(ConfigurationListing.Text(machine.Load(options)));
        }
        catch (AslException e)
        {
            Assert.StartsWith(where, machine.Shown(e.Error.Where!), StringComparison.Ordinal);
            Assert.InRange((int)e.Error.Code, 1001, 1006);
            Assert.True(e.Error.IsPermanent);
        }
    }

    private static void ReadsBack(ConfiguredMachine machine, string written)
    {
        var configuration = machine.And(ConfiguredMachine.AslConf, $"local.mount = {written}\nmode = local\n").Load();
        Assert.Equal(IntakeMode.Local, configuration.Mode);
        Assert.Equal(WithoutComment(written), configuration.LocalMount);
    }

    /// <summary>The rule once more, in the shortest way to say it.</summary>
    private static string WithoutComment(string written) => Regex.Replace(written, @"[ \t]#.*", "").TrimEnd(' ', '\t');
}
