using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>What goes wrong is told as what, where, why and how to fix, with the exit code that belongs to it: golden/error-*.txt.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_store_that_is_not_there_is_named() =>
        Fails("store-missing", ExitCodes.StoreUnusable, "asl-admin", "snapshots", "--store", _scratch.PathOf("nothing"));

    [Fact]
    public void Without_a_store_or_an_attached_backend_the_option_is_asked_for() =>
        Fails("store-not-named", ExitCodes.Usage, "asl-admin", "snapshots");

    [Fact]
    public void A_store_is_not_made_where_something_else_lies()
    {
        _scratch.WriteSource("letter", "dear");

        Fails("store-not-empty", ExitCodes.StoreUnusable, "asl-admin", "init", "--store", _scratch.Source);
    }

    [Fact]
    public void Nothing_is_ingested_into_a_directory_that_holds_other_things()
    {
        _scratch.WriteSource("letter", "dear");
        Directory.CreateDirectory(_scratch.PathOf("photos"));
        File.WriteAllText(_scratch.PathOf("photos/holiday"), "");

        Fails("ingest-into-other-things", ExitCodes.StoreUnusable, "asl-intake", "ingest", _scratch.Source, "--store", _scratch.PathOf("photos"));
    }

    [Fact]
    public void A_store_is_not_made_twice()
    {
        _scratch.Admin("init", "--store", _scratch.Store).EndsWith(0);

        Fails("store-there-already", ExitCodes.StoreUnusable, "asl-admin", "init", "--store", _scratch.Store);
    }

    [Fact]
    public void A_source_that_is_not_there_is_named_and_no_store_is_made_for_it()
    {
        Fails("source-missing", ExitCodes.SourceUnusable, "asl-intake", "ingest", _scratch.PathOf("nothing"), "--store", _scratch.Store);

        Assert.False(Directory.Exists(_scratch.Store));
    }

    [Fact]
    public void A_source_that_holds_the_store_is_refused()
    {
        _scratch.Admin("init", "--store", _scratch.PathOf("source/store")).EndsWith(0);

        Fails("source-holds-store", ExitCodes.SourceUnusable, "asl-intake", "ingest", _scratch.Source, "--store", _scratch.PathOf("source/store"));
    }

    [Fact]
    public void A_store_that_would_lie_in_the_source_is_refused_before_anything_is_written_there()
    {
        Directory.CreateSymbolicLink(_scratch.PathOf("link"), _scratch.Source);

        Fails("source-would-hold-store", ExitCodes.SourceUnusable, "asl-intake", "ingest", _scratch.Source, "--store", _scratch.PathOf("link/new/store"));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch.Source));
    }

    [Fact]
    public void A_source_that_is_neither_a_directory_nor_a_file_is_refused() =>
        Fails("source-is-a-device", ExitCodes.SourceUnusable, "asl-intake", "ingest", "/dev/null", "--store", _scratch.Store);

    [Fact]
    public void A_snapshot_that_is_not_there_is_named()
    {
        _scratch.Ingest();

        Fails("snapshot-missing", ExitCodes.StoreUnusable, "asl-admin", "show", "nothing", "--store", _scratch.Store);
    }

    [Fact]
    public void An_empty_store_has_no_latest_snapshot()
    {
        _scratch.Admin("init", "--store", _scratch.Store).EndsWith(0);

        Fails("snapshot-latest-of-none", ExitCodes.StoreUnusable, "asl-admin", "show", "latest", "--store", _scratch.Store);
    }

    [Fact]
    public void A_prefix_that_fits_two_snapshots_is_ambiguous()
    {
        _scratch.WriteSource("letter", "dear");
        var digit = FirstDigitOfTwoSnapshots();

        var run = _scratch.Admin("show", digit, "--store", _scratch.Store).EndsWith(ExitCodes.StoreUnusable);

        Assert.Empty(run.Output);
        Golden.Equal("error-snapshot-ambiguous", _scratch.WithPlaceholders(run.Error.Replace($"'{digit}'", "'DIGIT'", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_path_that_a_snapshot_does_not_have_is_named()
    {
        _scratch.Ingest();

        Fails("path-missing", ExitCodes.StoreUnusable, "asl-admin", "ls", "latest", "no/such", "--store", _scratch.Store);
    }

    [Fact]
    public void Nothing_is_restored_into_a_directory_that_holds_something()
    {
        _scratch.WriteSource("letter", "dear");
        _scratch.Ingest();

        Fails("target-not-empty", ExitCodes.TargetUnusable, "asl-admin", "restore", "latest", "--store", _scratch.Store, "--to", _scratch.Source);
    }

    [Fact]
    public void A_path_that_cannot_be_restored_leaves_no_directory_behind()
    {
        _scratch.Ingest();

        _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back"), "--path", "no/such").EndsWith(ExitCodes.StoreUnusable);

        Assert.False(Directory.Exists(_scratch.PathOf("back")));
    }

    [Fact]
    public void A_run_that_is_not_there_is_named()
    {
        _scratch.Ingest();

        Fails("run-missing", ExitCodes.StoreUnusable, "asl-intake", "resume", "yesterday", "--store", _scratch.Store);
    }

    [Theory]
    [InlineData("asl-intake")]
    [InlineData("asl-admin")]
    [InlineData("asl-debug")]
    public void An_unknown_verb_is_named(string program) => Fails($"unknown-verb-{program}", ExitCodes.Usage, program, "refresh");

    [Fact]
    public void An_unknown_option_is_named() =>
        Fails("unknown-option", ExitCodes.Usage, "asl-admin", "verify", "--deep", "--store", _scratch.Store);

    [Fact]
    public void A_missing_option_is_named() =>
        Fails("missing-option", ExitCodes.Usage, "asl-admin", "restore", "latest", "--store", _scratch.Store);

    [Fact]
    public void A_missing_source_argument_is_named() => Fails("missing-argument", ExitCodes.Usage, "asl-intake", "ingest", "--store", _scratch.Store);

    [Fact]
    public void A_number_that_is_none_is_named() =>
        Fails("bad-number", ExitCodes.Usage, "asl-admin", "verify", "--workers", "many", "--store", _scratch.Store);

    [Fact]
    public void A_bad_configuration_file_stops_with_its_place()
    {
        Directory.CreateDirectory(_scratch.PathOf("machine/etc/asl"));
        File.WriteAllText(_scratch.PathOf("machine/etc/asl/asl.conf"), "mode = auto\nremote.endpiont = https://asl-backend\n");

        Fails("bad-configuration", ExitCodes.Configuration, "asl-admin", "config");
    }

    [Fact]
    public void A_decision_table_that_is_not_there_is_named_with_a_reason_in_words() =>
        Fails("table-missing", ExitCodes.RulesUnproved, "asl-admin", "rules", "check");

    [Fact]
    public void A_target_that_cannot_be_made_is_named_with_a_reason_in_words()
    {
        _scratch.Ingest();
        File.WriteAllText(_scratch.PathOf("letter"), "dear");

        Fails("target-below-a-file", ExitCodes.TargetUnusable, "asl-admin", "restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("letter/back"));
    }

    [Fact]
    public void A_damaged_block_is_found_with_its_file_and_offset()
    {
        _scratch.WriteSource("letter", new string('x', 100_000));
        _scratch.Ingest();
        Damage(BlockOfChunks(), offset: 40);

        var run = _scratch.Admin("verify", "--data", "--store", _scratch.Store).EndsWith(ExitCodes.StoreDamaged);

        Golden.Equal("error-block-damaged", _scratch.WithPlaceholders(run.Error + run.Output));
    }

    [Fact]
    public void One_snapshot_can_be_verified_by_its_name()
    {
        _scratch.WriteSource("letter", new string('x', 100_000));
        _scratch.Ingest();
        _scratch.Ingest();
        var whole = _scratch.Admin("verify", "latest", "--data", "--store", _scratch.Store).EndsWith(0);
        Assert.Matches("^1 snapshot, .* read and hashed\nno damage\n$", whole.Output);
        Damage(BlockOfChunks(), offset: 40);
        Assert.Contains("ASL2041", _scratch.Admin("verify", "latest", "--data", "--store", _scratch.Store).EndsWith(ExitCodes.StoreDamaged).Error, StringComparison.Ordinal);
        _scratch.Admin("verify", "0123456789", "--store", _scratch.Store).EndsWith(ExitCodes.For(ErrorCode.SnapshotMissing));
    }

    [Fact]
    public void A_damaged_block_is_never_restored_as_if_it_were_whole()
    {
        _scratch.WriteSource("letter", new string('x', 100_000));
        _scratch.Ingest();
        Damage(BlockOfChunks(), offset: 40);

        var run = _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back"));

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("letter", run.Error, StringComparison.Ordinal);
    }

    private void Fails(string golden, int exitCode, string program, params string[] arguments)
    {
        var run = _scratch.Run(program, arguments).EndsWith(exitCode);

        Assert.Empty(run.Output);
        Golden.Equal($"error-{golden}", _scratch.WithPlaceholders($"$ {string.Join(' ', [program, .. arguments])}\n{run.Error}"));
    }

    /// <summary>Ingests until two snapshots start alike: the 17th at the latest.</summary>
    private string FirstDigitOfTwoSnapshots()
    {
        using var store = ArtifactStore.OpenOrCreate(_scratch.Store);
        HashSet<string> digits = [];
        while (true)
        {
            using var run = IngestRun.Begin(store, new() { Sources = [_scratch.Source], Domain = "rescue-domain", Workers = 1 }, TimeProvider.System);
            run.Ingest(TestContext.Current.CancellationToken);
            var digit = run.Seal(new Dictionary<string, byte[]>()).Name.ToString()[..1];
            if (!digits.Add(digit))
            {
                return digit;
            }
        }
    }

    /// <summary>The block whose header says that it holds chunks (docs/store-format.md, Blocks).</summary>
    private string BlockOfChunks() =>
        Directory.EnumerateFiles(Path.Combine(_scratch.Store, "blocks"), "*", SearchOption.AllDirectories)
            .Single(path => File.ReadAllBytes(path)[10] == 1);

    private static void Damage(string path, int offset)
    {
        var content = File.ReadAllBytes(path);
        content[offset] ^= 0x20;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(path, content);
    }
}
