using System.Text;
using AslRescue.Backend.Access;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace AslRescue.Backend.Pages;

/// <summary>
/// A token becomes a cookie, and goes. These are the only POSTs of the pages, and neither changes anything but the cookie. Forged requests from other sites: the cookie
/// is SameSite=Strict, so none of them carries it; and a login that a browser says to come from another site is refused, so nobody can be logged
/// in as somebody else without noticing. Therefore the forms need no token of their own.
/// </summary>
internal sealed class LoginPages(Callers callers, TimeProvider time)
{
    private const int BodyBytesMax = 4 << 10;
    private static readonly TimeSpan FailureDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The form.</summary>
    internal static Task ShowAsync(HttpContext context) => SendFormAsync(context, null, StatusCodes.Status200OK);

    /// <summary>Takes the form.</summary>
    internal async Task LogInAsync(HttpContext context)
    {
        if (context.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
        {
            await SendFormAsync(context, "The form came from another site.", StatusCodes.Status403Forbidden);
            return;
        }

        var token = await ReadTokenAsync(context);
        if (token is not { Length: > 0 } || callers.ByToken(token) is not { } client)
        {
            await Task.Delay(FailureDelay, time, context.RequestAborted);
            context.Items[typeof(AslError)] = new AslError(ErrorCode.RemoteUnauthenticated, "a login failed") { Why = "the token is of no client", Fix = "" };
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await SendFormAsync(context, "No client has this token.", StatusCodes.Status401Unauthorized);
            return;
        }

        context.Items[typeof(Client)] = client;
        context.Response.Cookies.Append(Callers.Cookie, token, Options());
        SeeOther(context, "/ui/");
    }

    /// <summary>Forgets the token.</summary>
    internal static Task LogOutAsync(HttpContext context)
    {
        context.Response.Cookies.Delete(Callers.Cookie, Options());
        SeeOther(context, "/ui/login");
        return Task.CompletedTask;
    }

    internal static void SeeOther(HttpContext context, string where)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = where;
        context.Response.ContentLength = 0;
    }

    private static CookieOptions Options() => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };

    private static async Task<string?> ReadTokenAsync(HttpContext context)
    {
        var isForm = context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;
        if (!isForm || context.Request.ContentLength is not (> 0 and <= BodyBytesMax))
        {
            return null;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        return QueryHelpers.ParseQuery(await reader.ReadToEndAsync(context.RequestAborted))["token"].ToString().Trim();
    }

    private static Task SendFormAsync(HttpContext context, string? refusal, int status) => Layout.SendAsync(context, "Log in", [], Html.Of(
        $"""
        <form class="login" method="post" action="/ui/login">
        {(refusal is null ? null : Html.Of($"""<p class="alert" role="alert" id="refusal">{refusal}</p>"""))}
        <label for="token">Token of a client with the role read or admin</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus spellcheck="false"{(refusal is null ? null : Html.Of($" aria-invalid=\"true\" aria-describedby=\"refusal\""))}>
        <button>Log in</button>
        <p class="quiet">The token stays in a cookie of this browser until you log out or close it. A client certificate serves as well, without a login.</p>
        </form>
        """), status);
}
