using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>The scripts of `asl-admin completions`, driven in the shells that they are for.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("asl-intake sta", "status")]
    [InlineData("asl-intake status --wat", "--watch")]
    [InlineData("asl-admin rules sh", "show")]
    [InlineData("asl-admin completions z", "zsh")]
    [InlineData("asl-debug reb", "rebuild-index")]
    [InlineData("asl-admin restore latest --t", "--to --token-file")]
    [InlineData("asl-intake ingest ", "")]
    public void Bash_completes_all_three_programs(string line, string expected)
    {
        var words = line.Split(' ');
        var completed = _scratch.Shell($$"""
            source <(asl-admin completions bash) && complete -p {{words[0]}} >/dev/null || exit 1
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{string.Join(' ', words.Select(word => $"'{word}'"))}}) COMP_CWORD={{words.Length - 1}}
            _asl_complete && echo "${COMPREPLY[*]}"
            """).EndsWith(0);

        Assert.Equal(expected, completed.Output.Trim());
    }

    [Theory]
    [InlineData("asl-intake sta", "status")]
    [InlineData("asl-admin verify --da", "--data")]
    [InlineData("asl-debug reb", "rebuild-index")]
    public void Fish_completes_all_three_programs(string line, string expected)
    {
        Needs("fish");

        Assert.Equal(expected, _scratch.Shell($"fish --no-config --command 'asl-admin completions fish | source; complete --do-complete \"{line}\"'").EndsWith(0).Output.Trim());
    }

    [Theory]
    [InlineData("asl-intake sta", "status")]
    [InlineData("asl-admin verify --da", "--data")]
    [InlineData("asl-debug reb", "rebuild-index")]
    public void Zsh_completes_all_three_programs(string line, string expected)
    {
        Needs("zsh");
        var words = line.Split(' ');

        // compadd works inside of completion only: here it shows what it was given, as far as it fits.
        var script = $"compdef() {{ }}; compadd() {{ print -l -- ${{(M)suggestions:#{words[^1]}*}} }}; source <(asl-admin completions zsh); "
            + $"words=({line}); CURRENT={words.Length}; _asl_complete";
        File.WriteAllText(_scratch.PathOf("drive.zsh"), script);

        Assert.Equal(expected, _scratch.Shell("zsh --no-rcs drive.zsh").EndsWith(0).Output.Trim());
    }

    [Fact]
    public void Another_shell_is_refused()
    {
        var run = _scratch.Admin("completions", "tcsh").EndsWith(2);

        Assert.Contains("error ASL9001", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Where changes are checked before they land every shell is there; elsewhere one that is missing is reported.</summary>
    private void Needs(string shell)
    {
        var isThere = _scratch.Shell($"command -v {shell}").ExitCode == 0;
        Assert.True(isThere || Environment.GetEnvironmentVariable("CI") != "true", $"{shell} is missing");
        Assert.SkipUnless(isThere, $"{shell} is missing: apt-get install {shell}");
    }
}
