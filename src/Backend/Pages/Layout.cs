using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>A step from the first page to this one; the last has no address.</summary>
internal sealed record Crumb(string Text, string? Url);

/// <summary>What all pages have: headers, landmarks, the way back.</summary>
internal static class Layout
{
    // No script anywhere, nothing from elsewhere, nobody's frame. What is shown is somebody's data: nothing keeps it.
    private const string Policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    internal static void SetHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.CacheControl = "private, no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    /// <summary>Sends a page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="title">For the window and the heading.</param>
    /// <param name="crumbs">The way here, this page last.</param>
    /// <param name="main">The page.</param>
    /// <param name="status">The answer's status.</param>
    internal static async Task SendAsync(HttpContext context, string title, IReadOnlyList<Crumb> crumbs, Html main, int status = StatusCodes.Status200OK)
    {
        var caller = context.Items.TryGetValue(typeof(Client), out var found) ? found as Client : null;
        var bytes = Whole(title, crumbs, main, caller).ToBytes();
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static Html Whole(string title, IReadOnlyList<Crumb> crumbs, Html main, Client? caller) => Html.Of(
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{title} · AslRescue</title>
        <link rel="stylesheet" href="/ui/style.css">
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header><a class="brand" href="/ui/">AslRescue</a>{Who(caller)}</header>
        {Way(crumbs)}
        <main id="main">
        <h1>{title}</h1>
        {main}
        </main>
        <footer>{BackendServer.ProgramVersion} · times are UTC · all that is shown was checked against its SHA-256</footer>
        </body>
        </html>

        """);

    private static Html? Who(Client? caller) => caller is null ? null : Html.Of(
        $"""<form method="post" action="/ui/logout"><span>{caller.Name} <span class="quiet">({Roles.Text(caller.Role)})</span></span> <button>Log out</button></form>""");

    private static Html? Way(IReadOnlyList<Crumb> crumbs) => crumbs.Count == 0 ? null
        : Html.Of($"""<nav aria-label="Breadcrumbs"><ol>""").AddAll(crumbs, Step).Add($"</ol></nav>");

    private static Html Step(Crumb crumb) => crumb.Url is { } url
        ? Html.Of($"""<li><a href="{url}">{crumb.Text}</a></li>""")
        : Html.Of($"""<li aria-current="page">{crumb.Text}</li>""");
}
