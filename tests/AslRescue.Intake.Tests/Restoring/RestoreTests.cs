using AslRescue.Intake.Restoring;
using AslRescue.Intake.Tests.Ingestion;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;
using AslRescue.Store.Format;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Restoring;

public sealed class RestoreTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_part_of_a_source_never_links_to_a_file_of_another_part()
    {
        Write("tree/a/1", "the first name's content");
        Write("tree/data/a/1", "another file at a path that looks like it");
        Directory.CreateDirectory(_scratch["tree/data/b"]);
        Link("tree/a/1", "tree/data/b/1");

        Restore("data", "tree");

        Assert.Equal("the first name's content", File.ReadAllText(_scratch["back/b/1"]));
        Assert.Equal("another file at a path that looks like it", File.ReadAllText(_scratch["back/a/1"]));
    }

    [Fact]
    public void Hard_links_inside_the_part_that_is_restored_stay_links()
    {
        Write("tree/data/a/1", "two names");
        Directory.CreateDirectory(_scratch["tree/data/b"]);
        Link("tree/data/a/1", "tree/data/b/1");

        Restore("data", "tree");

        Assert.Equal(Inode("back/a/1"), Inode("back/b/1"));
    }

    [Fact]
    public void Links_between_two_sources_do_not_cross_them()
    {
        Write("one/log.1", "yesterday's, kept in both");
        Write("two/log.1", "today's");
        Link("one/log.1", "two/log.2");

        Restore("", "one", "two");

        Assert.Equal("yesterday's, kept in both", File.ReadAllText(Back("two/log.2")));
        Assert.Equal("today's", File.ReadAllText(Back("two/log.1")));
    }

    [Fact]
    public void Several_files_as_sources_come_back_at_their_own_paths()
    {
        Write("x/one.img", "one");
        Write("y/two.img", "two");

        Restore("", "x/one.img", "y/two.img");

        Assert.Equal("one", File.ReadAllText(Back("x/one.img")));
        Assert.Equal("two", File.ReadAllText(Back("y/two.img")));
    }

    [Fact]
    public void A_path_that_no_source_has_is_an_error()
    {
        Write("one/file", "1");
        Write("two/file", "2");
        var error = Assert.Throws<AslException>(() => Restore("typo", "one", "two")).Error;
        Assert.Equal(ErrorCode.PathMissing, error.Code);
    }

    [Fact]
    public void Sources_that_lie_in_each_other_are_refused()
    {
        Write("tree/below/file", "1");
        var error = Assert.Throws<AslException>(() => Restore("", "tree", "tree/below")).Error;
        Assert.Equal(ErrorCode.SourceRefused, error.Code);
    }

    private void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_scratch[path])!);
        File.WriteAllText(_scratch[path], content);
    }

    private void Link(string from, string to) => Assert.Equal(0, Posix.LinkAt(
        Posix.WorkingDirectory, Raw(_scratch[from]), Posix.WorkingDirectory, Raw(_scratch[to])));

    private ulong Inode(string path)
    {
        Assert.Equal(0, Posix.StatAt(Posix.WorkingDirectory, Raw(_scratch[path]), out var status));
        return status.Inode;
    }

    /// <summary>Where a path of a source lies after a restore of several.</summary>
    private string Back(string path) => _scratch["back"] + _scratch[path];

    private void Restore(string path, params string[] sources)
    {
        using var store = ArtifactStore.Create(_scratch["store"], new StoreFormat());
        var options = Ingests.Of(_scratch[sources[0]]) with { Sources = [.. sources.Select(source => _scratch[source])] };
        using var restorer = new TreeRestorer(store, Ingests.Run(store, options).Snapshot);
        restorer.Run(_scratch["back"], Raw(path), workers: 2, CancellationToken.None);
        Assert.Empty(restorer.Report.Problems);
    }

    private static byte[] Raw(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
