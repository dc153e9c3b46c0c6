using System.Diagnostics;
using System.Net;
using AslRescue.Backend.Tests.Serving;

namespace AslRescue.Backend.Tests.Pages;

/// <summary>Who gets in, what the answers forbid, and what a program gets at the same address.</summary>
public sealed class LoginTests : IDisposable
{
    private readonly PageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_token_becomes_a_cookie_that_no_script_and_no_other_site_can_use()
    {
        var answer = await PageBench.PostAsync(_bench.Browser(null), "/ui/login", ("token", "read"));
        Assert.Equal((HttpStatusCode.SeeOther, "/ui/"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split("; ");
        Assert.Equal("__Host-asl=read", cookie[0]);
        Assert.Equal(["httponly", "path=/", "samesite=strict", "secure"], cookie[1..].Order());
        Assert.Contains("Nothing is sealed yet in domain.", await _bench.PageAsync("read", "/ui/"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    public async Task A_wrong_token_gets_the_form_again_after_a_while_and_a_line_in_the_log(string token)
    {
        var watch = Stopwatch.StartNew();
        var answer = await PageBench.PostAsync(_bench.Browser(null), "/ui/login", ("token", token));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(450));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("No client has this token.", page, StringComparison.Ordinal);
        Assert.Contains("<input id=\"token\"", page, StringComparison.Ordinal);
        for (var look = 0; look < 6000 && !_bench.Server.Log.Lines.Any(line => line.StartsWith("401 ", StringComparison.Ordinal)); look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken); // The line is written behind the answer.
        }

        Assert.Contains(_bench.Server.Log.Lines, line => line.StartsWith("401 ", StringComparison.Ordinal) && line.Contains("/ui/login", StringComparison.Ordinal) && line.Contains("is of no client", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_login_that_another_site_sends_is_refused()
    {
        var browser = _bench.Browser(null);
        browser.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        var answer = await PageBench.PostAsync(browser, "/ui/login", ("token", "read"));
        Assert.Equal((HttpStatusCode.Forbidden, false), (answer.StatusCode, answer.Headers.Contains("Set-Cookie")));
    }

    [Fact]
    public async Task A_body_that_is_no_small_form_is_no_login()
    {
        var answer = await PageBench.PostAsync(_bench.Browser(null), "/ui/login", ("token", "read"), ("more", new string('x', 5000)));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Logging_out_forgets_the_token()
    {
        var answer = await PageBench.PostAsync(_bench.Browser("read"), "/ui/logout");
        Assert.Equal((HttpStatusCode.SeeOther, "/ui/login"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.Contains("__Host-asl=; expires=Thu, 01 Jan 1970", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ui/")]
    [InlineData("/ui")]
    [InlineData("/ui/domain")]
    [InlineData("/ui/domain/0/0/tar")]
    public async Task Whoever_is_not_known_is_sent_to_the_form(string path)
    {
        foreach (var token in new[] { null, "wrong" })
        {
            var answer = await _bench.GetAsync(token, path);
            Assert.Equal((HttpStatusCode.SeeOther, "/ui/login"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        }
    }

    [Fact]
    public async Task Every_answer_forbids_scripts_frames_and_keeping()
    {
        foreach (var path in new[] { "/ui/login", "/ui/", "/ui/domain", "/ui/other", "/ui/style.css" })
        {
            var headers = (await _bench.GetAsync("read", path)).Headers;
            var policy = Assert.Single(headers.GetValues("Content-Security-Policy")).Split("; ");
            Assert.Equal(["base-uri 'none'", "default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "style-src 'self'"], policy.Order());
            Assert.Equal(["no-referrer", "nosniff"], [Assert.Single(headers.GetValues("Referrer-Policy")), Assert.Single(headers.GetValues("X-Content-Type-Options"))]);
            Assert.True(headers.CacheControl is { NoStore: true, Private: true });
        }
    }

    [Fact]
    public async Task No_page_has_a_script_and_names_of_clients_are_no_markup()
    {
        var page = await _bench.PageAsync("whoever <b>", "/ui/");
        Assert.Contains("whoever &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" on", page.Replace(" only", "", StringComparison.Ordinal).Split("<main")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_page_is_for_browsers_and_facts_are_for_programs()
    {
        var browser = await _bench.GetAsync(null, "/");
        Assert.Equal((HttpStatusCode.Found, "/ui/"), (browser.StatusCode, browser.Headers.Location!.OriginalString));
        var program = _bench.Browser(null);
        program.DefaultRequestHeaders.Remove("Accept");
        program.DefaultRequestHeaders.Add("Accept", "*/*");
        var stranger = await program.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.Unauthorized, "application/problem+json"), (stranger.StatusCode, stranger.Content.Headers.ContentType!.MediaType));
        program.DefaultRequestHeaders.Authorization = new("Bearer", "read");
        var known = await program.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (known.StatusCode, known.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task A_wrong_bearer_token_is_told_so_and_not_sent_to_a_form()
    {
        var program = _bench.Browser(null);
        program.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.GetAsync(new Uri("/ui/", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public void Pages_are_no_part_of_the_protocol_for_programs() =>
        Assert.DoesNotContain(_bench.Server.Server.Endpoints(), route => route.Pattern.StartsWith("/ui", StringComparison.Ordinal));

    [Theory]
    [InlineData("read", "domain", HttpStatusCode.NotFound)]
    [InlineData("read", "other", HttpStatusCode.Forbidden)]
    [InlineData("read-other", "domain", HttpStatusCode.Forbidden)]
    [InlineData("intake", "domain", HttpStatusCode.NotFound)]
    [InlineData("intake", "other", HttpStatusCode.Forbidden)]
    [InlineData("admin", "other", HttpStatusCode.NotFound)]
    [InlineData("admin", "..", HttpStatusCode.NotFound)]
    [InlineData("admin", "%2e%2e%2fx", HttpStatusCode.NotFound)]
    public async Task A_domain_is_seen_by_those_who_may_and_an_empty_one_by_nobody(string token, string domain, HttpStatusCode expected)
    {
        if (domain == "..")
        {
            domain = "%2e%2e%2e";
        }

        Assert.Equal(expected, (await _bench.GetAsync(token, $"/ui/{domain}")).StatusCode);
    }

    [Fact]
    public async Task A_snapshot_of_another_domain_is_refused_by_whatever_address()
    {
        using var made = _bench.Make();
        var name = made.Seal(ServerBench.OtherDomain, made.Folder("", made.File("secret", made.Chunk("theirs"u8.ToArray()))));
        foreach (var path in new[] { $"/ui/other/{name}", $"/ui/domain/{name}", $"/ui/domain/{name}/0", $"/ui/domain/{name}/0/file?path=secret", $"/ui/domain/{name}/0/tar", "/ui/other" })
        {
            var answer = await _bench.GetAsync("read", path);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, answer.StatusCode));
            Assert.DoesNotContain("theirs", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        Assert.Equal("theirs", await _bench.PageAsync("read-other", $"/ui/other/{name}/0/file?path=secret"));
        Assert.Equal("theirs", await _bench.PageAsync("admin", $"/ui/other/{name}/0/file?path=secret"));
        Assert.Equal(HttpStatusCode.NotFound, (await _bench.GetAsync("admin", $"/ui/domain/{name}")).StatusCode);
    }
}
