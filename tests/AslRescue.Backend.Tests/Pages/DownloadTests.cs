using System.Diagnostics;
using System.Text;
using AslRescue.Backend.Pages;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>What comes out is what went in; and where it cannot be, it says so.</summary>
public sealed class DownloadTests : IDisposable
{
    private readonly PageBench _bench = new();

    public void Dispose()
    {
        Run("/bin/rm", "--recursive", "--force", Path.Combine(_bench.Folder.Path, "tree"), Path.Combine(_bench.Folder.Path, "back")); // Some names have no text.
        _bench.Dispose();
    }

    [Fact]
    public async Task A_file_comes_as_it_is_under_its_name_and_is_never_shown()
    {
        var source = Directory.CreateDirectory(Path.Combine(_bench.Folder.Path, "source")).FullName;
        var content = SeededBytes.Of(3, 5 << 20);
        await File.WriteAllBytesAsync(Path.Combine(source, "Prüfbericht \"1\".html"), content, TestContext.Current.CancellationToken);
        var snapshot = _bench.Ingest(source);
        var answer = await _bench.GetAsync("read", $"{snapshot}/0/file?path=Pr%c3%bcfbericht%20%221%22.html");
        Assert.Equal(content, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        var headers = answer.Content.Headers;
        Assert.Equal(("application/octet-stream", content.Length), (headers.ContentType!.MediaType, headers.ContentLength));
        Assert.Equal("attachment; filename=\"Pr_fbericht _1_.html\"; filename*=UTF-8''Pr%C3%BCfbericht%20%221%22.html", headers.GetValues("Content-Disposition").Single());
        Assert.False(answer.Headers.Contains("Asl-Bad-Bytes"));
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task A_name_with_line_breaks_stays_in_its_header()
    {
        using var made = _bench.Make();
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.File("a\r\nSet-Cookie: x=1"u8.ToArray(), made.Chunk([1]))));
        var answer = await _bench.GetAsync("read", $"/ui/domain/{snapshot}/0/file?path=a%0d%0aSet-Cookie:%20x=1");
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.Equal("a_x0d_x0aSet-Cookie: x=1", answer.Content.Headers.ContentDisposition!.FileNameStar);
    }

    [Fact]
    public async Task Holes_and_bad_ranges_of_a_file_are_zeros_and_a_header_counts_the_bad_bytes()
    {
        var data = SeededBytes.Of(1, 100_000);
        using var made = _bench.Make();
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.File("file", made.Chunk(data), HandMade.Bad(4096), ContentItem.Hole(1 << 20), made.Chunk(data))));
        var answer = await _bench.GetAsync("read", $"/ui/domain/{snapshot}/0/file?path=file");
        Assert.Equal("4096", answer.Headers.GetValues("Asl-Bad-Bytes").Single());
        Assert.Equal(PageBench.Join(data, new byte[4096 + (1 << 20)], data), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_file_whose_bytes_the_store_has_lost_breaks_off_and_is_no_file()
    {
        var (snapshot, data) = MakeDamaged();
        using var answer = await _bench.Browser("read").GetAsync(new Uri($"{snapshot}/0/file?path=c", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(600_000, answer.Content.Headers.ContentLength);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, (await _bench.GetAsync("read", $"{snapshot}/0/file?path=a")).StatusCode);
        Assert.Equal(data, await _bench.BytesAsync("read", $"{snapshot}/0/file?path=b"));
    }

    [Fact]
    public async Task An_archive_of_a_damaged_store_has_the_rest_and_lists_what_is_lost()
    {
        var (snapshot, data) = MakeDamaged();
        var back = await ExtractAsync($"{snapshot}/0/tar");
        Assert.Equal(data, await File.ReadAllBytesAsync(Path.Combine(back, "home/b"), TestContext.Current.CancellationToken));
        Assert.All(await File.ReadAllBytesAsync(Path.Combine(back, "home/a"), TestContext.Current.CancellationToken), one => Assert.Equal(0, one));
        Assert.Contains("home/a: bytes 0 to 299999: the store is damaged", await File.ReadAllTextAsync(Path.Combine(back, "ASL-BAD-RANGES.txt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_extracts_to_the_same_tree()
    {
        var source = Path.Combine(_bench.Folder.Path, "tree");
        SampleTree.Make(source, seed: 11, files: 60, bytesMax: 200_000);
        Run("/bin/sh", "-c", $"""
            cd '{source}' && ln -s ../nowhere/else link && ln -s "$(printf '%0150d' 7)" long-link && mkfifo pipe && mkdir -m 1777 sticky && mkdir "$(printf 'k\303\244se')" empty &&
            printf 'raw' > "$(printf 'not-utf8-\377\376')" && printf x > "$(printf '%0120d' 1)" && printf 'y' > "$(printf 'new\nline')" &&
            printf same > first && ln first second && ln first empty/third && truncate -s 3M holes && printf end >> holes && chmod 4755 first &&
            touch -d '1960-01-01 00:00:00.25' old && touch -d '2100-01-01' far && setfattr -n user.note -v 0x00ff0a3d sticky && setfattr -n user.note -v hello holes
            """);
        var snapshot = _bench.Ingest(source);
        var back = await ExtractAsync($"{snapshot}/0/tar");
        Assert.False(File.Exists(Path.Combine(back, "ASL-BAD-RANGES.txt")));
        Run("/usr/bin/diff", "--recursive", "--exclude=pipe", "--no-dereference", source, Path.Combine(back, "tree"));
        Run("/usr/bin/tar", "--compare", "--file", Path.Combine(_bench.Folder.Path, "archive.tar"), "--directory", _bench.Folder.Path);
        Assert.Equal(Listed(source), Listed(Path.Combine(back, "tree")));
        Assert.Equal(Attributes(source), Attributes(Path.Combine(back, "tree")));
    }

    [Fact]
    public async Task A_part_of_a_source_links_only_within_itself()
    {
        var source = Directory.CreateDirectory(Path.Combine(_bench.Folder.Path, "tree")).FullName;
        Run("/bin/sh", "-c", $"cd '{source}' && mkdir a data data/b && printf two > a/1 && ln a/1 data/b/1 && ln a/1 data/b/2");
        var back = await ExtractAsync($"{_bench.Ingest(source)}/0/tar?path=data");
        Assert.Equal(["two", "two"], [await File.ReadAllTextAsync(Path.Combine(back, "data/b/1"), TestContext.Current.CancellationToken), await File.ReadAllTextAsync(Path.Combine(back, "data/b/2"), TestContext.Current.CancellationToken)]);
    }

    [Fact]
    public async Task A_hard_link_that_the_snapshot_only_claims_is_a_file_of_its_own()
    {
        using var made = _bench.Make();
        Entry Link(string name, string first, byte[] content) => made.File(name, made.Chunk(content)) with { HardLink = Encoding.UTF8.GetBytes(first) };
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.File("a", made.Chunk("a"u8.ToArray())), Link("b", "/etc/passwd", "b"u8.ToArray()), Link("c", "a", "other"u8.ToArray()), Link("d", "e", "e"u8.ToArray()), made.File("e", made.Chunk("e"u8.ToArray()))));
        var back = await ExtractAsync($"/ui/domain/{snapshot}/0/tar");
        Assert.Equal("a b other e e", string.Join(' ', Directory.GetFiles(Path.Combine(back, "home")).Order(StringComparer.Ordinal).Select(File.ReadAllText)));
    }

    [Fact]
    public async Task Bad_ranges_are_zeros_in_an_archive_and_its_last_member_lists_them()
    {
        var data = SeededBytes.Of(1, 10_000);
        using var made = _bench.Make();
        var folder = made.Folder("box", made.File("bad", made.Chunk(data), HandMade.Bad(4096), made.Chunk(data), ContentItem.BadRange(1024, 0)), made.File("good", made.Chunk(data)));
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", folder));
        var back = await ExtractAsync($"/ui/domain/{snapshot}/0/tar?path=box");
        Assert.Equal(PageBench.Join(data, new byte[4096], data, new byte[1024]), await File.ReadAllBytesAsync(Path.Combine(back, "box/bad"), TestContext.Current.CancellationToken));
        Assert.Equal(data, await File.ReadAllBytesAsync(Path.Combine(back, "box/good"), TestContext.Current.CancellationToken));
        Assert.Equal(["box/bad: bytes 10000 to 14095: could not be read: Input/output error (5)", "box/bad: bytes 24096 to 25119: not tried"], (await File.ReadAllLinesAsync(Path.Combine(back, "ASL-BAD-RANGES.txt"), TestContext.Current.CancellationToken))[3..]);
        Assert.EndsWith("ASL-BAD-RANGES.txt\n", Run("/usr/bin/tar", "--list", "--file", Path.Combine(_bench.Folder.Path, "archive.tar")), StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_and_owners_that_do_not_fit_the_old_header_are_written_beside_it()
    {
        var head = Path.Combine(_bench.Folder.Path, "head.tar");
        File.WriteAllBytes(head, new TarHeader { Name = "big"u8.ToArray(), Type = '0', Size = 9_000_000_000, User = 4_000_000_000, Group = 3_000_000, Modified = new(-2, 0) }.ToBytes());
        var line = Run("/bin/sh", "-c", $"TZ=UTC tar --list --verbose --numeric-owner --full-time --file '{head}' 2>/dev/null; true");
        Assert.Contains("4000000000/3000000 9000000000 1969-12-31 23:59:58 big", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_of_much_data_takes_little_memory()
    {
        using var made = _bench.Make();
        var chunk = made.Chunk(SeededBytes.Of(9, 1 << 20));
        var name = made.Seal(ServerBench.Domain, made.Folder("", [.. Enumerable.Range(0, 20).Select(index => made.File($"f{index:D2}", [.. Enumerable.Repeat(chunk, 20), ContentItem.Hole(30 << 20), HandMade.Bad(1 << 20)]))]));
        using var opened = new OpenedSnapshot(_bench.Server.Storage, name);
        var place = new Place(ServerBench.Domain, name);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var writing = new FolderTar(opened, place, Stream.Null, TestContext.Current.CancellationToken).WriteAsync(opened.Root(0), "home"u8.ToArray());
        Assert.True(writing.IsCompletedSuccessfully); // So all of it ran on this thread.
        await writing;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20); // For a GB.
    }

    /// <summary>A snapshot whose file a has lost its bytes and whose file b has not.</summary>
    private (string Snapshot, byte[] Data) MakeDamaged()
    {
        var (lost, data) = (SeededBytes.Of(1, 300_000), SeededBytes.Of(2, 300_000));
        using var made = _bench.Make();
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.File("a", made.Chunk(lost)), made.File("b", made.Chunk(data)), made.File("c", made.Chunk(data), made.Chunk(lost))));
        foreach (var file in Directory.GetFiles(Path.Combine(_bench.Server.StoreFolder, "blocks"), "*", SearchOption.AllDirectories))
        {
            var block = File.ReadAllBytes(file);
            if (block.AsSpan().IndexOf(lost.AsSpan(1000, 64)) is var at and >= 0)
            {
                block[at] ^= 1;
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                File.WriteAllBytes(file, block);
            }
        }

        return ($"/ui/domain/{snapshot}", data);
    }

    private async Task<string> ExtractAsync(string path)
    {
        var archive = Path.Combine(_bench.Folder.Path, "archive.tar");
        await File.WriteAllBytesAsync(archive, await _bench.BytesAsync("read", path), TestContext.Current.CancellationToken);
        var back = Directory.CreateDirectory(Path.Combine(_bench.Folder.Path, "back")).FullName;
        Run("/usr/bin/tar", "--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*", "--file", archive, "--directory", back);
        return back;
    }

    /// <summary>Mode, owner, size, time, number of names and target of everything below a folder.</summary>
    private static string Listed(string folder) => Run("/bin/sh", "-c", $"cd '{folder}' && find . -printf '%M %U:%G %s %T@ %n %p -> %l\\n' | sed 's/^\\(d[^ ]* [^ ]*\\) [0-9]*/\\1 -/' | sort");

    private static string Attributes(string folder) => Run("/bin/sh", "-c", $"cd '{folder}' && find . ! -type l -exec getfattr --dump --encoding=hex {{}} + | sort");

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.Latin1 };
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {process.ExitCode} {errors.Result} {output}");
        return output;
    }
}
