using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Logs;

namespace AslRescue.Store.Backends.Http;

/// <summary>
/// A store behind a server (docs/backend-protocol.md). The server checks, flushes and reads back what it acknowledges; whoever reads checks
/// artifacts, segments and snapshots as from any backend, so the server is believed in nothing.
/// </summary>
public sealed class HttpBackend : IBackend
{
    /// <summary>The version in the path.</summary>
    public const string Version = "v1";

    /// <summary>Every answer of a server has this header, with the protocol's version: what stands before a server answers without it.</summary>
    public const string ProtocolHeader = RemoteClient.ProtocolHeader;

    /// <summary>The code of an error and, where trying again is of no use, the word "permanent": what an answer to HEAD has no body for.</summary>
    public const string ErrorHeader = RemoteClient.ErrorHeader;

    private const int CreatesAtOnceMax = 2;

    // Of one folder: blocks lie in 256 of them.
    private const int ItemsMax = 4_000_000;
    private readonly RemoteClient _client;
    private readonly TimeProvider _time;
    private readonly ObjectCache? _cache;
    private readonly PageCache _pages;
    private readonly Digest? _snapshot;
    private readonly string? _domain;
    private readonly string? _holder;
    private readonly bool _isView;

    /// <summary>Nothing is sent yet.</summary>
    /// <exception cref="AslException">RemoteUntrusted: remote.ca cannot be read.</exception>
    public HttpBackend(RemoteOptions options, TimeProvider time)
    {
        (_client, _time, _pages, _domain, _holder) = (new RemoteClient(options, time), time, new PageCache(), options.Domain, options.Holder);
        _cache = options.Cache is { } cache ? new ObjectCache(cache.Folder, cache.BytesMax) : null;
        Location = _client.Root;
    }

    private HttpBackend(HttpBackend outer, Digest snapshot) =>
        (_client, _time, _cache, _pages, _domain, _snapshot, Location, _isView) = (outer._client, outer._time, outer._cache, outer._pages, outer._domain, snapshot, outer.Location, true);

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public bool ReadsBack => true;

    /// <inheritdoc/>
    public int CreatesAtOnce => CreatesAtOnceMax;

    /// <inheritdoc/>
    public bool IsWaiting => _client.IsWaiting;

    /// <summary>Asks the server who it is, and as whom it sees us.</summary>
    /// <exception cref="AslException">It cannot be reached, does not prove who it is, or does not know us.</exception>
    public ServerFacts Greet() => _client.Ask(
        () => new HttpRequestMessage(HttpMethod.Get, Url("")),
        answer => answer.StatusCode == HttpStatusCode.OK ? ReadFacts(answer) : throw _client.Refused(answer, Version));

    /// <inheritdoc/>
    /// <remarks>
    /// Where a reply was lost, the whole request is sent again: only then has the server checked and flushed what it has before it says that the name is taken.
    /// Nobody can tell by then who created it, and false is said; whoever stores what a name stands for asks <see cref="Holds"/>.
    /// </remarks>
    public unsafe bool TryCreate(ObjectName name, ReadOnlySpan<byte> content)
    {
        var digest = IsBlock(name) ? (Digest?)null : Digest.Of(content);
        fixed (byte* start = content)
        {
            var (address, length) = ((nint)start, content.Length);
            return _client.Ask(() => NewPut(name, (byte*)address, length, digest), answer => ReadCreated(answer, name), IsCheckedLong(name));
        }
    }

    /// <inheritdoc/>
    public bool Holds(ObjectName name, ReadOnlySpan<byte> content)
    {
        var (length, digest) = (content.Length, IsBlock(name) ? (Digest?)null : Digest.Of(content));
        return _client.Ask(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Head, ObjectUrl(name));
                request.Headers.Add("Want-Repr-Digest", "sha-256=1");
                return request;
            },
            answer => answer.StatusCode switch
            {
                HttpStatusCode.OK => answer.Content.Headers.ContentLength == length && Digests.Read(answer) == digest,
                HttpStatusCode.NotFound => false,
                _ => throw _client.Refused(answer, name.Path),
            });
    }

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false)
    {
        if (ObjectPath.TryParse(name.Path) is null)
        {
            return null; // No server has anything of such a name, and it would call the question malformed.
        }

        if (!pastCache && _cache?.TryOpen(name) is { } kept)
        {
            return kept;
        }

        var page = _client.Ask(() => NewGet(name, 0, PageCache.PageBytes, pastCache), answer => ReadFirst(answer, name));
        if (page is not var (first, length))
        {
            return null;
        }

        if (_cache is not null && ObjectCache.Takes(name) && length <= BackendExtensions.ObjectBytesMax)
        {
            using var whole = new HttpObject(this, name, length, pastCache: true);
            return _cache.Keep(name, whole) ?? NewObject();
        }

        return NewObject();

        HttpObject NewObject()
        {
            if (!pastCache)
            {
                _pages.Put(name, 0, first);
            }

            return new HttpObject(this, name, length, pastCache);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder)
    {
        List<FolderItem> items = [];
        for (string? after = null; ;)
        {
            var url = Url($"/list/{folder}") + (after is null ? "" : $"?after={Uri.EscapeDataString(after)}");
            var (page, next) = _client.Ask(() => new HttpRequestMessage(HttpMethod.Get, url), answer =>
                answer.StatusCode == HttpStatusCode.OK ? ReadPage(answer) : throw _client.Refused(answer, $"{Version}/list/{folder}"));
            items.AddRange(page);
            if (next is not null && (string.CompareOrdinal(next, after) <= 0 || page.Count == 0 || items.Count > ItemsMax))
            {
                throw new AslException(new AslError(ErrorCode.EndpointUnreachable, "the server's listing does not end") { Where = url, Fix = "ask whoever runs the server", IsPermanent = false });
            }

            if ((after = next) is null)
            {
                return items;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlySet<ObjectName> Missing(IReadOnlyCollection<ObjectName> names)
    {
        HashSet<ObjectName> missing = [];
        foreach (var part in names.Chunk(RemoteWire.NamesMax))
        {
            var body = RemoteWire.WriteNames(part);
            var found = _client.Ask(
                () => NewQuestion(body),
                answer => answer.StatusCode == HttpStatusCode.OK ? ReadBody(answer, RemoteWire.ReadNames) : throw _client.Refused(answer, $"{Version}/missing"));
            missing.UnionWith(part.Where(name => found.Contains(name.Path)));
        }

        return missing;
    }

    /// <inheritdoc/>
    public IDisposable? TryLease(string domain, string run)
    {
        var holder = _holder ?? RenewedLease.NewHolder();
        return RenewedLease.TryTake(() => Lease(HttpMethod.Put, domain, run, holder), () => Lease(HttpMethod.Delete, domain, run, holder), _time);
    }

    /// <inheritdoc/>
    public string? Cosign(string domain, string run, ReadOnlySpan<byte> body)
    {
        var question = RemoteWire.WriteCheckpoint(body);
        return _client.Ask(
            () => new HttpRequestMessage(HttpMethod.Post, Url($"/cosign/{domain}/{run}")) { Content = NewJson(question) },
            answer => answer.StatusCode switch
            {
                HttpStatusCode.OK => ReadBody(answer, RemoteWire.ReadCosignature) is var line && JournalNote.IsCosignature(line) ? line : null,
                HttpStatusCode.NotFound => null,
                _ => throw _client.Refused(answer, $"{Version}/cosign/{domain}/{run}"),
            });
    }

    /// <inheritdoc/>
    public IBackend Below(Digest snapshot) => new HttpBackend(this, snapshot);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isView)
        {
            _client.Dispose();
            _cache?.Dispose();
        }
    }

    /// <summary>Asks for a lease or gives it back; false when another has it.</summary>
    private bool Lease(HttpMethod method, string domain, string run, string holder) => _client.Ask(
        () => new HttpRequestMessage(method, Url($"/leases/{domain}/{run}")) { Content = NewJson(RemoteWire.WriteLease(holder)) },
        answer => answer.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.NoContent => true,
            HttpStatusCode.Conflict => false,
            _ => throw _client.Refused(answer, $"{Version}/leases/{domain}/{run}"),
        });

    /// <summary>Bytes of an object, through the pages where they are few.</summary>
    internal void Read(ObjectName name, long objectLength, long offset, Span<byte> buffer, bool pastCache)
    {
        if (offset < 0 || offset + buffer.Length > objectLength)
        {
            throw new AslException(new AslError(ErrorCode.StoreIo, "cannot read an object")
            {
                Where = $"{Location}/{name}, offset {offset}",
                Why = $"it has {objectLength} bytes, asked for were {buffer.Length} from {offset}",
                Fix = "asl-admin verify --data   (shows what is damaged)",
            });
        }

        while (!buffer.IsEmpty)
        {
            var count = pastCache || buffer.Length >= PageCache.PageBytes
                ? Fetch(name, offset, buffer, pastCache)
                : _pages.Copy(name, offset, buffer, (start, page) => Fetch(name, start, page.AsSpan(), false), objectLength);
            offset += count;
            buffer = buffer[count..];
        }
    }

    private unsafe int Fetch(ObjectName name, long offset, Span<byte> buffer, bool pastCache)
    {
        fixed (byte* start = buffer)
        {
            var (address, length) = ((nint)start, buffer.Length);
            return _client.Ask(() => NewGet(name, offset, length, pastCache), answer =>
            {
                if (answer.StatusCode is not (HttpStatusCode.PartialContent or HttpStatusCode.OK))
                {
                    throw _client.Refused(answer, name.Path);
                }

                var range = answer.Content.Headers.ContentRange;
                if (answer.StatusCode == HttpStatusCode.OK ? offset != 0 || answer.Content.Headers.ContentLength != length : range?.From != offset || range.To != offset + length - 1)
                {
                    throw new RemoteFault("it answers with another part than was asked for");
                }

                FillFrom(answer, new Span<byte>((void*)address, length));
                return length;
            });
        }
    }

    /// <summary>The first page of an object and its length; null when there is none.</summary>
    private (byte[] First, long Length)? ReadFirst(HttpResponseMessage answer, ObjectName name)
    {
        switch (answer.StatusCode)
        {
            case HttpStatusCode.NotFound:
                // A server that has the path says that it lacks the object; one that has not is another server, or lies elsewhere.
                return _client.Refused(answer, name.Path) is var refusal && refusal.Error.Code == ErrorCode.ObjectMissing ? null : throw refusal;
            case HttpStatusCode.RequestedRangeNotSatisfiable when answer.Content.Headers.ContentRange?.Length == 0:
                return ([], 0);
            case HttpStatusCode.PartialContent when answer.Content.Headers.ContentRange is { From: 0, To: { } to, Length: { } all } && to == Math.Min(all, PageCache.PageBytes) - 1:
                var first = new byte[to + 1];
                FillFrom(answer, first);
                return (first, all);
            case HttpStatusCode.PartialContent or HttpStatusCode.OK:
                throw new RemoteFault("it answers with another part than was asked for");
            default:
                throw _client.Refused(answer, name.Path);
        }
    }

    private void FillFrom(HttpResponseMessage answer, Span<byte> buffer)
    {
        const int sliceBytes = 256 << 10;
        using var stream = answer.Content.ReadAsStream();
        while (!buffer.IsEmpty)
        {
            _client.Throttle.Take(Math.Min(sliceBytes, buffer.Length), CancellationToken.None);
            var count = stream.Read(buffer[..Math.Min(sliceBytes, buffer.Length)]);
            if (count == 0)
            {
                throw new RemoteFault("the answer is cut short");
            }

            buffer = buffer[count..];
        }
    }

    private bool ReadCreated(HttpResponseMessage answer, ObjectName name) => answer.StatusCode switch
    {
        HttpStatusCode.Created => true,
        HttpStatusCode.PreconditionFailed => false,
        _ => throw _client.Refused(answer, name.Path),
    };

    private unsafe HttpRequestMessage NewPut(ObjectName name, byte* start, int length, Digest? digest)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, ObjectUrl(name)) { Content = new SpanContent(start, length, _client.Throttle, _client.Moved) };
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        AddDomain(request);
        if (digest is { } value)
        {
            request.Content.Headers.Add("Content-Digest", Digests.Write(value));
        }

        return request;
    }

    private void AddDomain(HttpRequestMessage request)
    {
        if (_domain is { } domain)
        {
            request.Headers.Add("Asl-Domain", domain);
        }
    }

    private HttpRequestMessage NewGet(ObjectName name, long offset, int length, bool pastCache)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, ObjectUrl(name));
        request.Headers.Range = new RangeHeaderValue(offset, offset + length - 1);
        request.Headers.CacheControl = pastCache ? new CacheControlHeaderValue { NoCache = true } : null;
        if (_snapshot is { } snapshot)
        {
            request.Headers.Add("Asl-Snapshot", snapshot.ToString());
        }

        return request;
    }

    private HttpRequestMessage NewQuestion(byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Url("/missing")) { Content = NewJson(body) };
        AddDomain(request);
        return request;
    }

    private static ByteArrayContent NewJson(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private ServerFacts ReadFacts(HttpResponseMessage answer) => ReadBody(answer, RemoteWire.ReadFacts) with { Certificate = _client.Fingerprint };

    private static (List<FolderItem> Items, string? Next) ReadPage(HttpResponseMessage answer) => ReadBody(answer, RemoteWire.ReadPage);

    private static T ReadBody<T>(HttpResponseMessage answer, Func<JsonElement, T> read)
    {
        using var stream = answer.Content.ReadAsStream();
        return RemoteAnswers.Read(stream, read);
    }

    private string ObjectUrl(ObjectName name) => Url($"/objects/{name.Path}");

    private string Url(string below) => $"{_client.Root}/{Version}{below}";

    /// <summary>Whether a server holds it against much else before it answers.</summary>
    private static bool IsCheckedLong(ObjectName name) => ObjectPath.TryParse(name.Path) is { Kind: ObjectKind.Segment or ObjectKind.Snapshot };

    private static bool IsBlock(ObjectName name) => name.Path.StartsWith("blocks/", StringComparison.Ordinal);
}
