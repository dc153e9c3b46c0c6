using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>The main job from outside: a tree goes in, is verified, listed, compared and given back.</summary>
public sealed class RoundTripTests : IDisposable
{
    /// <summary>What changed shortly before a run may have changed again unseen, and is read again (docs/architecture.md).</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(2.2);

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_goes_in_is_sealed_verified_shown_and_comes_back()
    {
        MakeTree();

        var ingested = _scratch.Ingest("--case", "2026-7", "--examiner", "R. Doe", "--note", "first disk");
        var verified = _scratch.Admin("verify", "--data", "--store", _scratch.Store).EndsWith(0);
        var listed = _scratch.Admin("ls", "latest", "--recursive", "--store", _scratch.Store).EndsWith(0);
        var shown = _scratch.Admin("show", "latest", "--store", _scratch.Store).EndsWith(0);
        var restored = _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back")).EndsWith(0);

        Golden.Equal("round-trip", _scratch.WithPlaceholders(string.Join('\n', ingested.Output, verified.Output, listed.Output, shown.Output, restored.Output)));
        Assert.All([ingested, verified, listed, shown, restored], run => Assert.Empty(run.Error));
        Assert.Equal(Describe("source"), Describe("back"));
        Assert.Equal("holes", _scratch.Shell("test $(stat --format=%b back/sparse) -lt 1000 && echo -n holes").Output);
        Assert.Equal("dear", File.ReadAllText(_scratch.PathOf("back/letters/first")));
    }

    [Fact]
    public void A_restored_tree_has_the_root_of_the_tree_that_was_ingested()
    {
        MakeTree();
        var root = RootOf(_scratch.Ingest("--json"));
        _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back")).EndsWith(0);

        var again = _scratch.Intake("ingest", _scratch.PathOf("back"), "--store", _scratch.PathOf("second"), "--json").EndsWith(0);

        Assert.Equal(root, RootOf(again));
    }

    [Fact]
    public void A_second_ingest_reads_nothing_and_adds_nothing()
    {
        MakeTree();
        Thread.Sleep(ClockSlack);
        var first = _scratch.Ingest("--json").Json();
        Thread.Sleep(ClockSlack);

        var second = _scratch.Ingest();

        Assert.Matches("read     0 B in .*, 3 files unchanged\n", second.Output);
        Assert.Matches("added    0 B for 0 B of new data\n", second.Output);
        Assert.Contains($"root     {first.GetProperty("root")}\n", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_is_asked_for_is_restored()
    {
        MakeTree();
        _scratch.Ingest();

        _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back"), "--path", "letters").EndsWith(0);

        Assert.Equal(["first", "second"], Directory.EnumerateFileSystemEntries(_scratch.PathOf("back")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Diff_tells_what_was_added_removed_and_changed()
    {
        MakeTree();
        var before = NameOf(_scratch.Ingest("--json"));
        _scratch.WriteSource("letters/first", "dear all");
        _scratch.WriteSource("letters/third", "new");
        File.Delete(_scratch.PathOf("source/link"));
        File.SetUnixFileMode(_scratch.PathOf("source/empty"), UnixFileMode.UserRead);
        _scratch.Ingest();

        var difference = _scratch.Admin("diff", before, "latest", "--store", _scratch.Store).EndsWith(0);

        Golden.Equal("diff", difference.Output);
    }

    [Fact]
    public void A_name_that_is_not_UTF_8_is_shown_escaped_and_survives_a_restore()
    {
        byte[] name = [.. "caf"u8, 0xe9];
        _scratch.InSource(folder => Posix.MakeDirectoryAt(folder, name, 0x1ed));
        _scratch.Ingest();

        var listed = _scratch.Admin("ls", "latest", "--store", _scratch.Store).EndsWith(0);
        _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back")).EndsWith(0);

        Assert.EndsWith(" caf\\xe9\n", listed.Output, StringComparison.Ordinal);
        byte[] restored = [.. Encoding.UTF8.GetBytes(_scratch.PathOf("back")), (byte)'/', .. name];
        Assert.Equal(0, Posix.StatAt(Posix.WorkingDirectory, restored, out var status));
        Assert.Equal(FileKind.Directory, status.Kind);
    }

    [Fact]
    public void A_name_with_a_line_break_and_an_escape_sequence_cannot_draw_on_the_terminal()
    {
        _scratch.InSource(folder => Posix.MakeDirectoryAt(folder, "a\n\x1b[31mb"u8, 0x1ed));
        _scratch.Ingest();

        var listed = _scratch.Admin("ls", "latest", "--store", _scratch.Store).EndsWith(0);

        Assert.EndsWith(" a\\x0a\\x1b[31mb\n", listed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_file_is_a_source_too()
    {
        _scratch.WriteSource("disk.img", "image");
        _scratch.Intake("ingest", _scratch.PathOf("source/disk.img"), "--store", _scratch.Store).EndsWith(0);

        _scratch.Admin("restore", "latest", "--store", _scratch.Store, "--to", _scratch.PathOf("back")).EndsWith(0);

        Assert.Equal("image", File.ReadAllText(Directory.EnumerateFiles(_scratch.PathOf("back")).Single()));
    }

    [Fact]
    public void What_was_rebuilt_from_the_blocks_is_the_index_that_was_there()
    {
        MakeTree();
        _scratch.Ingest();
        var segment = Directory.EnumerateFiles(Path.Combine(_scratch.Store, "segments")).Single();
        var content = File.ReadAllBytes(segment);
        File.Delete(segment);
        _scratch.Admin("verify", "--store", _scratch.Store).EndsWith(ExitCodes.StoreDamaged);

        var dry = _scratch.Debug("rebuild-index", "--dry-run", "--store", _scratch.Store).EndsWith(0);
        Assert.False(File.Exists(segment));
        var rebuilt = _scratch.Debug("rebuild-index", "--store", _scratch.Store).EndsWith(0);

        Golden.Equal("rebuild-index", _scratch.WithPlaceholders(dry.Output + rebuilt.Output));
        Assert.Equal(content, File.ReadAllBytes(segment));
        _scratch.Admin("verify", "--data", "--store", _scratch.Store).EndsWith(0);
    }

    [Fact]
    public void A_fresh_store_has_nothing_to_collect()
    {
        MakeTree();
        _scratch.Ingest();

        Golden.Equal("gc-check", _scratch.Admin("gc-check", "--store", _scratch.Store).EndsWith(0).Output);
    }

    private static string RootOf(ProgramRun run) => run.Json().GetProperty("root").GetString()!;

    private static string NameOf(ProgramRun run) => run.Json().GetProperty("snapshot").GetString()!;

    /// <summary>A file, one with holes, an empty one, folders, a link, a second name and a fifo, with times of long ago.</summary>
    private void MakeTree()
    {
        _scratch.WriteSource("letters/first", "dear");
        _scratch.WriteSource("empty", "");
        _scratch.WriteSource("sparse", "head");
        _scratch.Shell($"""
            set -e; cd "{_scratch.Source}"; umask 022
            truncate --size=10M sparse; ln letters/first letters/second; mkfifo --mode=640 pipe; mkdir --mode=700 private
            ln --symbolic letters/first link; chmod 644 letters/first empty sparse
            touch --no-dereference --date='2026-01-02 03:04:05.678901234Z' link pipe private letters sparse .
            touch --date='1960-05-06 07:08:09Z' empty
            chmod 755 . letters
            """).EndsWith(0);
    }

    /// <summary>The tree as another program sees it, and sums of its files.</summary>
    private string Describe(string folder) => _scratch.Shell($"""
        cd "{_scratch.PathOf(folder)}"
        find . -printf '%P %y %m %U %G %n %T@ %l\n' | sort
        find . -type f -printf '%P %s\n' | sort
        find . -type f -print0 | sort --zero-terminated | xargs --null sha256sum
        """).EndsWith(0).Output;
}
