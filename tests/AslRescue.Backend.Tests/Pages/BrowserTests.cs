using System.Text;
using AslRescue.Backend.Tests.Serving;
using AslRescue.Shared.Interop;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;
using AslRescue.Testing;
using Microsoft.Playwright;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>The pages in a real browser, used as a person does. Chromium is the system's own, or ASL_CHROMIUM; without it these fail in CI and are skipped elsewhere.</summary>
public sealed class BrowserTests : IAsyncLifetime
{
    private static readonly string Chromium = Environment.GetEnvironmentVariable("ASL_CHROMIUM") ?? "/usr/bin/chromium";
    private readonly PageBench _bench = new();
    private readonly List<string> _complaints = [];
    private readonly byte[] _mail = SeededBytes.Of(4, 1_300_000);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var isThere = File.Exists(Chromium);
        Assert.True(isThere || Environment.GetEnvironmentVariable("CI") != "true", $"{Chromium} is missing");
        Assert.SkipUnless(isThere, $"{Chromium} is missing: apt-get install chromium");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Headless = true, Args = Environment.IsPrivilegedProcess ? ["--no-sandbox"] : [] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task A_person_logs_in_walks_to_a_damaged_file_and_downloads_it()
    {
        MakeSnapshot();
        var page = await OpenAsync();
        await page.GetByLabel("Token").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        Assert.Equal("No client has this token.", await page.GetByRole(AriaRole.Alert).InnerTextAsync());
        await LogInAsync(page);
        await FollowAsync(page, ServerBench.Domain);
        await page.GetByRole(AriaRole.Row).Nth(1).GetByRole(AriaRole.Link).ClickAsync();
        Assert.StartsWith("Snapshot ", await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Table, new() { Name = "2 sources" }).GetByRole(AriaRole.Link, new() { Name = "/mnt/old" }).ClickAsync();
        Assert.Contains("1 problem below", await RowAsync(page, "var/"), StringComparison.Ordinal);
        await FollowAsync(page, "var/");
        await FollowAsync(page, "mail/");
        Assert.Contains("4,608 bytes are missing", await RowAsync(page, "mail.mbox"), StringComparison.Ordinal);
        await FollowAsync(page, "mail.mbox");
        Assert.Contains("4,608 bytes of 1,304,608 are missing", await page.Locator(".alert").InnerTextAsync(), StringComparison.Ordinal);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        Assert.Equal("mail.mbox", download.SuggestedFilename);
        Assert.Equal(PageBench.Join(_mail, new byte[4608]), await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Breadcrumbs" }).GetByRole(AriaRole.Link, new() { Name = "mail", Exact = true }).ClickAsync();
        var archive = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download this folder as tar" }).ClickAsync());
        Assert.Equal("mail.tar", archive.SuggestedFilename);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await page.GetByLabel("Token").WaitForAsync(); // The form was sent, and answered.
        await page.GotoAsync(_bench.Url("/ui/domain"));
        Assert.EndsWith("/ui/login", page.Url, StringComparison.Ordinal);
        Assert.All(_complaints, line => Assert.Contains("401", line, StringComparison.Ordinal)); // The login that failed; nothing was blocked or missing.
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough_and_the_first_stop_skips_to_the_content()
    {
        MakeSnapshot();
        var page = await OpenAsync();
        await page.Locator("#token:focus").WaitForAsync(); // It gets the focus by itself, a moment after the page is there.
        for (var tries = 0; tries < 50 && await page.Locator("#token").InputValueAsync() != "read"; tries++)
        {
            await page.Keyboard.PressAsync("Control+A"); // Chromium drops keys that come before the page was first painted.
            await page.Keyboard.TypeAsync("read");
        }

        await page.Keyboard.PressAsync("Enter");
        await InsideAsync(page);
        for (var tries = 0; tries < 50 && await page.Locator(":focus").CountAsync() == 0; tries++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Equal("Skip to the content", await page.Locator(":focus").InnerTextAsync());
        Assert.True((await page.Locator(":focus").BoundingBoxAsync())!.X >= 0);
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("domain", await page.Locator(":focus").InnerTextAsync());
    }

    [Theory]
    [InlineData(360)]
    [InlineData(1280)]
    public async Task No_page_is_wider_than_the_window(int width)
    {
        var snapshot = MakeSnapshot();
        var page = await OpenAsync(width);
        await LogInAsync(page);
        foreach (var path in new[] { "/ui/", "/ui/domain", $"/ui/domain/{snapshot}", $"/ui/domain/{snapshot}/0", $"/ui/domain/{snapshot}/0?path=var/mail", $"/ui/domain/{snapshot}/0?path=var/mail/mail.mbox", "/ui/login" })
        {
            await page.GotoAsync(_bench.Url(path));
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, path);
            Assert.Equal(1, await page.GetByRole(AriaRole.Main).CountAsync());
            Assert.Equal(1, await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).CountAsync());
            Assert.Equal(await page.Locator("table").CountAsync(), await page.Locator("table > caption").CountAsync());
            Assert.Equal(0, await page.Locator("th:not([scope])").CountAsync());
        }

        Assert.Empty(_complaints);
    }

    /// <summary>ASL_SCREENS=docs/screens makes docs/screens/backend-snapshot.png again.</summary>
    [Fact]
    public async Task The_picture_in_the_documentation_can_be_made_again()
    {
        var snapshot = MakeSnapshot();
        var page = await OpenAsync();
        await LogInAsync(page);
        await page.GotoAsync(_bench.Url($"/ui/domain/{snapshot}/0"));
        var picture = await page.ScreenshotAsync(new() { FullPage = true });
        Assert.True(picture.AsSpan(1).StartsWith("PNG"u8));
        if (Environment.GetEnvironmentVariable("ASL_SCREENS") is { Length: > 0 } folder)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "backend-snapshot.png"), picture, TestContext.Current.CancellationToken);
        }
    }

    private async Task<IPage> OpenAsync(int width = 1280)
    {
        var context = await _browser!.NewContextAsync(new() { IgnoreHTTPSErrors = true, ViewportSize = new() { Width = width, Height = 800 }, AcceptDownloads = true, JavaScriptEnabled = true });
        context.SetDefaultTimeout(120_000); // Of a machine that has much else to do.
        context.SetDefaultNavigationTimeout(120_000);
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Add(message.Text); // A policy that blocks something, an answer that failed.
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync(_bench.Url("/"));
        return page;
    }

    private static async Task LogInAsync(IPage page)
    {
        await page.GetByLabel("Token").FillAsync("read");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await InsideAsync(page);
    }

    /// <summary>Waits for what only a page behind the login shows. Whether its load event was seen is another matter: on a busy machine it is missed now and then.</summary>
    private static Task InsideAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).WaitForAsync();

    private static Task FollowAsync(IPage page, string link) => page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();

    private static Task<string> RowAsync(IPage page, string name) => page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }) }).InnerTextAsync();

    /// <summary>The root of a server that crashed, and the image of a stick.</summary>
    private Shared.Digest MakeSnapshot()
    {
        using var made = _bench.Make();
        ContentItem Text(string text) => made.Chunk(Encoding.UTF8.GetBytes(text));
        Entry Link(string name, string target) => new() { Name = Encoding.UTF8.GetBytes(name), Kind = EntryKind.SymbolicLink, Permissions = 0x1ff, Modified = new(1_773_000_000, 0), Target = Encoding.UTF8.GetBytes(target) };
        Entry Rooted(Entry entry, uint mode, long time) => entry with { User = 0, Group = 0, Permissions = mode, Modified = new(time, 0) };
        Entry Folder(string name, int files, long time, uint mode = 0x1ed) => Rooted(made.Folder(name, [.. Enumerable.Range(0, files).Select(index => made.File($"{name}-{index:D3}.conf", Text($"{name} {index}")))]), mode, time);
        var mailbox = made.File("mail.mbox", made.Chunk(_mail), HandMade.Bad(4096), ContentItem.BadRange(512, 0));
        var mail = Rooted(made.Folder("mail", mailbox, made.File("archive.mbox", Text("From r.okafor\n")), made.File("index \"2026\" <old>.db"u8.ToArray(), Text("x"))), 0x5ed, 1_789_900_000);
        var root = Rooted(made.Folder("", Link("bin", "usr/bin"), Folder("boot", 14, 1_788_000_000), Folder("etc", 187, 1_789_950_000), Folder("home", 6, 1_780_100_000), Link("lib", "usr/lib"),
            Folder("opt", 2, 1_750_000_000), Rooted(Folder("proc", 0, 1_789_960_000), 0x16d, 1_789_960_000) with { Problems = [ProblemKind.NotEntered] }, Folder("root", 21, 1_789_000_000, 0x1c0), Folder("srv", 5, 1_760_000_000), Folder("tmp", 9, 1_789_990_000, 0x3ff), Folder("usr", 11, 1_770_000_000),
            Rooted(made.Folder("var", mail, Folder("log", 64, 1_789_990_000)), 0x1ed, 1_788_800_000), Rooted(made.File("swapfile", Text("swap"), ContentItem.Hole(2L << 30)), 0x180, 1_750_000_000) with { Problems = [ProblemKind.Changed] },
            Rooted(made.File([.. "backup-r\xe9sum\xe9"u8.ToArray().AsSpan(0, 8), 0xe9, .. "sum.tgz"u8], Text("old")), 0x1a4, 1_690_000_000), Rooted(made.File("database.dump", made.Chunk(SeededBytes.Of(8, 900_000)), ContentItem.Hole(612_000_000), HandMade.Bad(1_536)), 0x1a4, 1_788_000_000)), 0x1ed, 1_788_800_000);
        var stick = new Entry { Kind = EntryKind.Image, Size = 31_914_983_424, Content = [ContentItem.Hole(31_914_983_424)] };
        var image = new SnapshotImage { Size = stick.Size, LogicalSector = 512, PhysicalSector = 512, Model = "SanDisk Ultra", Serial = "4C530001230915118212", IsReadOnly = true, Writes = [new("b1", 0, 0)], Sha256 = Shared.Digest.Of("stick"u8) };
        return made.Seal(ServerBench.Domain, [(new("/mnt/old"u8.ToArray(), 0, null, (8, 1), 0xef53), root), (new("/dev/sdb"u8.ToArray(), 1, null, (8, 16), 0) { Image = image }, stick)],
            [new(0, "database.dump"u8.ToArray(), ProblemKind.BadRanges, Errno.EIO, "parts of it cannot be read: Input/output error (5)"), new(0, "proc"u8.ToArray(), ProblemKind.NotEntered, null, "another file system"), new(0, "swapfile"u8.ToArray(), ProblemKind.Changed, null, "its time changed while it was read"), new(0, "var/mail/mail.mbox"u8.ToArray(), ProblemKind.BadRanges, Errno.EIO, "parts of it cannot be read: Input/output error (5)")]);
    }
}
