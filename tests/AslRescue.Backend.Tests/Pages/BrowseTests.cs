using System.Net;
using AslRescue.Backend.Pages;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Shared.Interop;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>What the pages show of a store.</summary>
public sealed class BrowseTests : IDisposable
{
    private readonly PageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task From_the_domains_links_lead_to_every_entry()
    {
        using var made = _bench.Make();
        var name = made.Seal(ServerBench.Domain, made.Folder("", made.Folder("etc", made.File("fstab", made.Chunk("/dev/sda1 / ext4\n"u8.ToArray())))));
        Assert.Contains("<a href=\"/ui/domain\">domain</a>", await _bench.PageAsync("read", "/ui/"), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"/ui/domain/{name}\">", await _bench.PageAsync("read", "/ui/domain"), StringComparison.Ordinal);
        var facts = await _bench.PageAsync("read", $"/ui/domain/{name}");
        Assert.Contains($"<a href=\"/ui/domain/{name}/0\">/mnt/old/home</a>", facts, StringComparison.Ordinal);
        Assert.All(["R. Okafor", "2026-0417", "decision.json, intake.toml", "163,008 files", "20260921T140507Z-7f3a"], text => Assert.Contains(text, facts, StringComparison.Ordinal));
        Assert.Contains($"<a href=\"/ui/domain/{name}/0?path=etc\">etc/</a>", await _bench.PageAsync("read", $"/ui/domain/{name}/0"), StringComparison.Ordinal);
        var folder = await _bench.PageAsync("read", $"/ui/domain/{name}/0?path=etc");
        Assert.Contains($"<a href=\"/ui/domain/{name}/0?path=etc/fstab\">fstab</a>", folder, StringComparison.Ordinal);
        Assert.Contains("-rw-r--r--", folder, StringComparison.Ordinal);
        Assert.Contains("<li><a href=\"/ui/domain/" + name + "/0\">/mnt/old/home</a></li><li aria-current=\"page\">etc</li>", folder, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_shown_as_text_whatever_its_bytes_and_leads_to_its_own_file()
    {
        byte[][] names = ["<script>alert(1)</script>"u8.ToArray()[..8], "\"><img src=x onerror=alert(1)>"u8.ToArray(), "two\nlines"u8.ToArray(), [0xff, 0xfe, (byte)'x'], "100% +&?#;= ü"u8.ToArray(), "right\u202eto-left"u8.ToArray(), "back\\slash"u8.ToArray()];
        using var made = _bench.Make();
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.Folder("d", [.. names.Select(name => made.File(name, made.Chunk([.. "content of "u8, .. name])))])));
        var page = await _bench.PageAsync("read", $"/ui/domain/{snapshot}/0?path=d");
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u202e", page, StringComparison.Ordinal);
        Assert.All(["&lt;script&gt;", "two\\x0alines", "\\xff\\xfex", "100% &#x2B;&amp;?#;= ü", "back\\x5cslash"], text => Assert.Contains($">{text}</a>", page, StringComparison.Ordinal));
        foreach (var name in names)
        {
            var path = string.Concat(name.Select(one => $"%{one:x2}"));
            Assert.Equal(PageBench.Join("content of "u8.ToArray(), name), await _bench.BytesAsync("read", $"/ui/domain/{snapshot}/0/file?path=d/{path}"));
        }

        Assert.Contains("path=d/%FF%FEx\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_bytes_are_marked_in_words_on_the_way_down_and_listed_for_the_file()
    {
        using var made = _bench.Make();
        var file = made.File("mail.mbox", made.Chunk(new byte[5000]), HandMade.Bad(4096), ContentItem.Hole(9000), ContentItem.BadRange(512, 0));
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.Folder("var", file)), new Problem(0, "var/mail.mbox"u8.ToArray(), ProblemKind.BadRanges, Errno.EIO, "parts of it cannot be read"));
        Assert.Contains("⚠ 1 problem<", await _bench.PageAsync("read", "/ui/"), StringComparison.Ordinal);
        Assert.Contains("⚠ 1 problem<", await _bench.PageAsync("read", "/ui/domain"), StringComparison.Ordinal);
        Assert.Contains($"<a href=\"/ui/domain/{snapshot}/0?path=var/mail.mbox\">/mnt/old/home/var/mail.mbox</a>", await _bench.PageAsync("read", $"/ui/domain/{snapshot}"), StringComparison.Ordinal);
        Assert.Contains("⚠ 1 problem below", await _bench.PageAsync("read", $"/ui/domain/{snapshot}/0"), StringComparison.Ordinal);
        Assert.Contains("⚠ 4,608 bytes are missing", await _bench.PageAsync("read", $"/ui/domain/{snapshot}/0?path=var"), StringComparison.Ordinal);
        var page = await _bench.PageAsync("read", $"/ui/domain/{snapshot}/0?path=var/mail.mbox");
        Assert.Contains("⚠ 4,608 bytes of 18,608 are missing:", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"number\">5,000</td><td class=\"number\">9,095</td><td class=\"number\">4,096</td><td>could not be read: Input/output error (5)</td>", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"number\">18,096</td><td class=\"number\">18,607</td><td class=\"number\">512</td><td>not tried</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_says_which_disk_it_is_of()
    {
        using var made = _bench.Make();
        var image = new SnapshotImage { Size = 1 << 20, LogicalSector = 512, PhysicalSector = 4096, Model = "ST4000 <NM>", Serial = "Z1F2", IsReadOnly = true, Writes = [new("boot", 12345, 12345)], Sha256 = Shared.Digest.Of("x"u8) };
        var root = new Entry { Kind = EntryKind.Image, Size = 1 << 20, Content = [ContentItem.Hole((1 << 20) - 512), HandMade.Bad(512)], Problems = [ProblemKind.BadRanges] };
        var snapshot = made.Seal(ServerBench.Domain, [(new("/dev/sda"u8.ToArray(), 1, null, (8, 0), 0) { Image = image }, root)], []);
        var facts = await _bench.PageAsync("read", $"/ui/domain/{snapshot}");
        Assert.All(["ST4000 &lt;NM&gt;", "Z1F2", image.Sha256.ToString()!, "nothing wrote to it", "⚠ 512 bytes are missing", "the kernel refused writes"], text => Assert.Contains(text, facts, StringComparison.Ordinal));
        var answer = await _bench.GetAsync("read", $"/ui/domain/{snapshot}/0/file");
        Assert.Equal(("512", 1 << 20, "sda"), (answer.Headers.GetValues("Asl-Bad-Bytes").Single(), answer.Content.Headers.ContentLength, answer.Content.Headers.ContentDisposition!.FileNameStar));
    }

    [Fact]
    public async Task A_folder_of_many_entries_has_pages_and_each_entry_is_on_one()
    {
        using var made = _bench.Make();
        var chunk = made.Chunk([1]);
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.Folder("many", [.. Enumerable.Range(0, 2500).Select(index => made.File($"f{index:D5}", chunk))])));
        List<string> names = [];
        for (var page = 1; page <= 3; page++)
        {
            var text = await _bench.PageAsync("read", $"/ui/domain/{snapshot}/0?path=many&page={page}");
            Assert.Contains($"page {page} of 3", text, StringComparison.Ordinal);
            Assert.Equal((page > 1, page < 3), (text.Contains("rel=\"prev\"", StringComparison.Ordinal), text.Contains($"many&amp;page={page + 1}\"", StringComparison.Ordinal)));
            names.AddRange(System.Text.RegularExpressions.Regex.Matches(text, ">(f[0-9]{5})</a>").Select(match => match.Groups[1].Value));
        }

        Assert.Equal(Enumerable.Range(0, 2500).Select(index => $"f{index:D5}"), names);
    }

    [Fact]
    public async Task Many_seals_have_pages_newest_first()
    {
        for (var count = 0; count < 53; count++)
        {
            using var made = _bench.Make();
            made.Seal(ServerBench.Domain, made.Folder("", made.File($"f{count}", made.Chunk([(byte)count]))));
        }

        var first = await _bench.PageAsync("read", "/ui/domain");
        Assert.Contains("53 sealed snapshots", first, StringComparison.Ordinal);
        Assert.Contains("href=\"/ui/domain?before=4\"", first, StringComparison.Ordinal);
        var second = await _bench.PageAsync("read", "/ui/domain?before=4");
        Assert.Equal(3, second.Split("<th scope=\"row\"").Length - 1);
        Assert.DoesNotContain("rel=\"next\"", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ui/domain/SNAPSHOT/1")]
    [InlineData("/ui/domain/SNAPSHOT/x")]
    [InlineData("/ui/domain/SNAPSHOT/-1")]
    [InlineData("/ui/domain/SNAPSHOT/0?path=nothing")]
    [InlineData("/ui/domain/SNAPSHOT/0?path=file/below")]
    [InlineData("/ui/domain/SNAPSHOT/0?path=../file")]
    [InlineData("/ui/domain/SNAPSHOT/0/tar?path=file")]
    [InlineData("/ui/domain/SNAPSHOT/0/file")]
    [InlineData("/ui/domain/0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("/ui/domain/zz")]
    public async Task What_is_not_there_is_a_page_that_says_so(string path)
    {
        using var made = _bench.Make();
        var snapshot = made.Seal(ServerBench.Domain, made.Folder("", made.File("file", made.Chunk([1]))));
        var answer = await _bench.GetAsync("read", path.Replace("SNAPSHOT", snapshot.ToString(), StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Contains("There is no such page", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%")]
    [InlineData("a%f")]
    [InlineData("%zz")]
    [InlineData("%+1")]
    [InlineData("ü")]
    public void A_malformed_escape_is_no_path(string path) => Assert.Null(PercentBytes.Decode(path));

    [Fact]
    public void Every_byte_comes_back_from_an_address()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(one => (byte)one)];
        Assert.Equal(all, PercentBytes.Decode(PercentBytes.Encode(all)));
        Assert.Equal("a%2B/%252F", PercentBytes.Encode("a+/%2F"u8));
    }

    [Fact]
    public async Task A_damaged_snapshot_is_a_marked_row_and_the_others_are_still_there()
    {
        using var made = _bench.Make();
        var damaged = made.Seal(ServerBench.Domain, made.Folder("", made.File("a", made.Chunk([1]))));
        using var more = _bench.Make();
        var good = more.Seal(ServerBench.Domain, more.Folder("", more.File("b", more.Chunk([2]))));
        var file = Path.Combine(_bench.Server.StoreFolder, "snapshots", damaged.ToString());
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(file, [1, 2, 3], TestContext.Current.CancellationToken);
        var page = await _bench.PageAsync("admin", "/ui/domain");
        Assert.Contains($"/ui/domain/{good}\"", page, StringComparison.Ordinal);
        Assert.Contains("⚠", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.InternalServerError, (await _bench.GetAsync("admin", $"/ui/domain/{damaged}")).StatusCode);
    }
}
