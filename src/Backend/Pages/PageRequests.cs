using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>
/// The pages for people: written by the server, without a script. Whoever may read a domain's objects may see it; what is shown and downloaded comes through the store's
/// readers, which check every artifact. A snapshot is seen through the same permission as its object.
/// </summary>
/// <param name="store">What is shown.</param>
/// <param name="permissions">Who may see what.</param>
/// <param name="callers">Who asks.</param>
/// <param name="time">The clock.</param>
internal sealed class PageRequests(ArtifactStore store, Permissions permissions, Callers callers, TimeProvider time) : IDisposable
{
    // Each has a decoder and a few frames of its own: this bounds memory, whoever asks.
    private const int PagesMax = 8;
    private const int DownloadsMax = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly byte[] Style = LoadStyle();
    private readonly SemaphoreSlim _pages = new(PagesMax);
    private readonly SemaphoreSlim _downloads = new(DownloadsMax);
    private readonly LoginPages _login = new(callers, time);
    private readonly DomainPages _domains = new(store.Backend);

    /// <summary>All that the pages answer: methods, pattern, answer. A domain called login or style.css would have to be read by asl-admin.</summary>
    internal IEnumerable<(string Method, string Pattern, RequestDelegate Answer)> Routes()
    {
        var snapshots = new SnapshotPages(_domains);
        return
        [
            ("GET", "/ui/login", Page(LoginPages.ShowAsync)),
            ("POST", "/ui/login", Page(_login.LogInAsync)),
            ("POST", "/ui/logout", Page(LoginPages.LogOutAsync)),
            ("GET", "/ui/style.css", Page(SendStyleAsync)),
            ("GET", "/ui/", Page(Known(_domains.ListDomainsAsync))),
            ("GET", "/ui/{domain}", Page(Known(InDomain(_domains.ListSnapshotsAsync)))),
            ("GET", "/ui/{domain}/{snapshot}", Page(Known(Opened(_pages, snapshots.ShowAsync)))),
            ("GET", "/ui/{domain}/{snapshot}/{source}", Page(Known(Opened(_pages, TreePages.ShowAsync)))),
            ("GET", "/ui/{domain}/{snapshot}/{source}/file", Page(Known(Opened(_downloads, Downloads.SendFileAsync)))),
            ("GET", "/ui/{domain}/{snapshot}/{source}/tar", Page(Known(Opened(_downloads, Downloads.SendFolderAsync)))),
        ];
    }

    /// <summary>Whether a browser asks, rather than a program.</summary>
    internal static bool IsBrowser(HttpContext context) => context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Sends a browser to the pages.</summary>
    internal static Task GoAsync(HttpContext context)
    {
        context.Response.Redirect("/ui/");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pages.Dispose();
        _downloads.Dispose();
    }

    /// <summary>Around every page: its headers, and errors as pages.</summary>
    private static RequestDelegate Page(RequestDelegate answer) => async context =>
    {
        Layout.SetHeaders(context);
        try
        {
            await answer(context);
        }
        catch (AslException failure) when (!context.Response.HasStarted)
        {
            await SendErrorAsync(context, failure.Error);
        }
    };

    /// <summary>Sends a browser that nobody knows to the form.</summary>
    private RequestDelegate Known(RequestDelegate answer) => async context =>
    {
        var (client, stranger) = callers.Find(context);
        if (client is not null)
        {
            context.Items[typeof(Client)] = client;
            await answer(context);
            return;
        }

        if (context.Request.Headers.Authorization.Count == 0)
        {
            LoginPages.SeeOther(context, "/ui/login");
            return;
        }

        throw new AslException(new AslError(ErrorCode.RemoteUnauthenticated, "the server does not know who asks") { Why = stranger!.Why, Fix = "log in with the token of a client" });
    };

    private RequestDelegate InDomain(RequestDelegate answer) => async context =>
    {
        Refuse(Permissions.WhyNotList(context.Caller(), ObjectName.SealsFolder(Place.Of(context).Domain)));
        await answer(context);
    };

    private RequestDelegate Opened(SemaphoreSlim atOnce, Func<HttpContext, Place, OpenedSnapshot, Task> answer) => InDomain(async context =>
    {
        var place = Place.Of(context);
        if (!await atOnce.WaitAsync(Patience, context.RequestAborted))
        {
            throw new AslException(new AslError(ErrorCode.RemoteBusy, "the server is busy") { Why = "others are reading as much as it may at once", Fix = "try again in a while", IsPermanent = false });
        }

        try
        {
            var path = ObjectPath.TryParse(ObjectName.Snapshot(place.Snapshot).Path)!;
            Refuse(permissions.WhyNotRead(context.Caller(), path, below: null));
            using var opened = await Task.Run(() => Open(place), context.RequestAborted);
            await answer(context, place, opened);
        }
        finally
        {
            atOnce.Release();
        }
    });

    private OpenedSnapshot Open(Place place)
    {
        using (store.Backend.Open(ObjectName.Snapshot(place.Snapshot)) ?? throw OpenedSnapshot.Missing("there is no such snapshot"))
        {
        }

        var opened = new OpenedSnapshot(store.Backend, place.Snapshot);
        if (opened.Snapshot.Domain == place.Domain)
        {
            return opened;
        }

        opened.Dispose();
        throw OpenedSnapshot.Missing($"{place.Domain} has no such snapshot");
    }

    private static void Refuse(AslError? error)
    {
        if (error is not null)
        {
            throw new AslException(error);
        }
    }

    private static Task SendErrorAsync(HttpContext context, AslError error)
    {
        context.Items[typeof(AslError)] = error;
        context.Response.Headers.ContentDisposition = default;
        var main = Html.Of($"<p>{error.Why}</p><p>{error.Fix}</p><p class=\"quiet\">{error.CodeText}</p><p><a href=\"/ui/\">All domains</a></p>");
        var title = error.What.Length > 0 ? char.ToUpperInvariant(error.What[0]) + error.What[1..] : error.CodeText;
        return Layout.SendAsync(context, title, [], main, Problems.StatusOf(error));
    }

    private static Task SendStyleAsync(HttpContext context)
    {
        context.Response.ContentType = "text/css; charset=utf-8";
        context.Response.ContentLength = Style.Length;
        return context.Response.Body.WriteAsync(Style, context.RequestAborted).AsTask();
    }

    private static byte[] LoadStyle()
    {
        using var stream = typeof(PageRequests).Assembly.GetManifestResourceStream("style.css")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
