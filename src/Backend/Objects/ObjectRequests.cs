using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AslRescue.Backend.Objects;

/// <summary>GET, HEAD and PUT of objects.</summary>
internal sealed class ObjectRequests(ArtifactStore store, DomainObjects domains, Permissions permissions, Acceptance acceptance, BodyMemory memory) : IDisposable
{
    /// <summary>What is answered to whoever found no room for a body in time.</summary>
    internal static readonly AslError Busy = new(ErrorCode.RemoteBusy, "the server has no room for another body now")
    {
        Why = "others are sending as much as it may keep in memory",
        Fix = "wait; the client tries again by itself",
        IsPermanent = false,
    };

    private const int SmallBytesMax = 64 << 10;
    private const int SliceBytes = 256 << 10;
    private static readonly TimeSpan CreatingPatience = TimeSpan.FromSeconds(20);

    private readonly BodyBuffers _buffers = new();

    // Creating checks, compresses nothing and waits for disks: a few at a time keep both busy.
    private readonly SemaphoreSlim _creating = new(Environment.ProcessorCount * 2);

    // Segments and snapshots may take minutes to check: nothing else waits behind them, and no client takes all turns.
    private readonly Room _checking = new(Environment.ProcessorCount * 2, CreatingPatience);

    // Whoever sends the same once more, because a reply was lost or was too slow, waits for this one.
    private readonly ConcurrentDictionary<(string Domain, ObjectName Name), Task<AslError?>> _checks = new();

    /// <summary>Answers GET and HEAD.</summary>
    internal async Task ReadAsync(HttpContext context)
    {
        if (context.Object() is not { } path)
        {
            await Problems.WriteAsync(context, Problems.Invalid("the path is no object's"));
            return;
        }

        if (!TryBelow(context, out var below))
        {
            await Problems.WriteAsync(context, Problems.Invalid("Asl-Snapshot is not the name of a snapshot"));
            return;
        }

        var caller = context.Caller();
        if (await Task.Run(() => permissions.WhyNotRead(caller, path, below), context.RequestAborted) is { } forbidden)
        {
            await Problems.WriteAsync(context, forbidden);
            return;
        }

        var pastCache = context.Request.Headers.CacheControl.ToString().Contains("no-cache", StringComparison.OrdinalIgnoreCase);
        using var found = await Task.Run(() => store.Backend.Open(path.Name, pastCache), context.RequestAborted);
        if (found is null)
        {
            await Problems.WriteAsync(context, Missing(path));
            return;
        }

        if (path.Kind is ObjectKind.Block or ObjectKind.Segment or ObjectKind.Snapshot)
        {
            context.Response.Headers.ETag = $"\"{path.Digest}\"";
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            await HeadAsync(context, path, found);
            return;
        }

        await SendAsync(context, found);
    }

    /// <summary>Answers PUT.</summary>
    internal async Task CreateAsync(HttpContext context)
    {
        var request = context.Request;
        if (context.Object() is not { } path)
        {
            await Problems.WriteAsync(context, Problems.Invalid("the path is no object's"));
            return;
        }

        if (!context.TryDomain(out var said))
        {
            await Problems.WriteAsync(context, Problems.Invalid("Asl-Domain can be no domain"));
            return;
        }

        var domain = Permissions.DomainOf(context.Caller(), path, said);
        if (permissions.WhyNotCreate(context.Caller(), path, domain) is { } forbidden)
        {
            await Problems.WriteAsync(context, forbidden);
            return;
        }

        if (WhyNotTaken(request, path) is var (status, why))
        {
            await Problems.WriteAsync(context, Problems.Invalid(why), status);
            return;
        }

        if (_checks.TryGetValue((domain!, path.Name), out var check))
        {
            await JoinAsync(context, path, check);
            return;
        }

        var length = request.ContentLength!.Value;
        if (await memory.TakeAsync(context.Caller().Name, length, context.RequestAborted) is not { } room)
        {
            await Problems.WriteAsync(context, Busy);
            return;
        }

        using var body = new Body(path.Name, (int)length, _buffers, room, isHashed: path.Kind != ObjectKind.Block);
        await TakeAsync(context, path, domain!, body);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _creating.Dispose();
        _buffers.Dispose();
    }

    private async Task TakeAsync(HttpContext context, ObjectPath path, string domain, Body body)
    {
        if (!await FillInTimeAsync(context, body))
        {
            var slow = Problems.Invalid("the body came too slowly: it takes so much memory that others wait for it") with { IsPermanent = false };
            await Problems.WriteAsync(context, slow, StatusCodes.Status408RequestTimeout);
            return;
        }

        if (body.Filled < body.Length)
        {
            await Problems.WriteAsync(context, CutShort(body.Filled, body.Length));
            return;
        }

        if (path.Kind != ObjectKind.Block && WhyNotWhole(context.Request, body.Digest(), body.Length) is { } damaged)
        {
            await Problems.WriteAsync(context, damaged);
            return;
        }

        // Not stopped when the client goes away: what has come in whole is stored, and whoever asks again finds it.
        var error = path.Kind is ObjectKind.Segment or ObjectKind.Snapshot && body.Digest() == path.Digest
            ? await CreateOnceAsync(context.Caller().Name, path, domain, body, context.RequestAborted)
            : await CreateInTurnAsync(path, domain, body, context.RequestAborted);
        await AnswerAsync(context, path, error);
    }

    /// <summary>
    /// Answers who sends a segment or snapshot that is being checked: its bytes are hashed as they come, and not kept.
    /// </summary>
    private async Task JoinAsync(HttpContext context, ObjectPath path, Task<AslError?> check)
    {
        var length = context.Request.ContentLength!.Value;
        var (digest, count) = await HashAsync(context.Request.BodyReader, length, context.RequestAborted);
        if (count < length)
        {
            await Problems.WriteAsync(context, CutShort(count, length));
            return;
        }

        if (WhyNotWhole(context.Request, digest, length) is { } damaged)
        {
            await Problems.WriteAsync(context, damaged);
            return;
        }

        if (digest != path.Digest)
        {
            await Problems.WriteAsync(context, new AslError(ErrorCode.RemoteContentRefused, "the content is refused")
            {
                Why = $"its {length} bytes hash to {digest}, its name says otherwise",
                Fix = "nothing was stored; asl-intake resume sends what is missing again",
            });
            return;
        }

        await AnswerAsync(context, path, await check.WaitAsync(context.RequestAborted) ?? Taken(path));
    }

    private async Task AnswerAsync(HttpContext context, ObjectPath path, AslError? error)
    {
        if (error is null)
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.ContentLength = 0;
            return;
        }

        if (error.Code == ErrorCode.StoreOccupied && path.Kind != ObjectKind.Block)
        {
            context.Response.Headers["Repr-Digest"] = Digests.Write(await Task.Run(() => DigestOf(path.Name), CancellationToken.None));
        }

        await Problems.WriteAsync(context, error);
    }

    /// <summary>
    /// Creates a segment or snapshot whose bytes are those of its name. While that is under way, whoever sends it once more takes no turn, gives its memory back, and
    /// is told that the name is taken: one of them has created it.
    /// </summary>
    private async Task<AslError?> CreateOnceAsync(string client, ObjectPath path, string domain, Body body, CancellationToken cancellation)
    {
        var mine = new TaskCompletionSource<AslError?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var check = _checks.GetOrAdd((domain, path.Name), mine.Task);
        if (check != mine.Task)
        {
            body.Dispose();
            return await check.WaitAsync(cancellation) ?? Taken(path);
        }

        try
        {
            // Others may wait for it, so it is not given up with this request.
            using var turn = await _checking.TakeAsync(client, 1, CancellationToken.None);
            var error = turn is null ? Busy : await Task.Run(() => Create(path, domain, body), CancellationToken.None);
            mine.SetResult(error);
            return error;
        }
        catch (Exception failure)
        {
            mine.SetException(failure);
            _ = mine.Task.Exception; // Seen, also when nobody waits.
            throw;
        }
        finally
        {
            _checks.TryRemove((domain, path.Name), out _);
        }
    }

    private async Task<AslError?> CreateInTurnAsync(ObjectPath path, string domain, Body body, CancellationToken cancellation)
    {
        if (!await _creating.WaitAsync(CreatingPatience, cancellation))
        {
            return Busy;
        }

        try
        {
            return await Task.Run(() => Create(path, domain, body), CancellationToken.None);
        }
        finally
        {
            _creating.Release();
        }
    }

    /// <summary>Checks, stores, reads back; null when it was created.</summary>
    private AslError? Create(ObjectPath path, string domain, Body body)
    {
        var isNamed = path.Kind is ObjectKind.Block or ObjectKind.Segment or ObjectKind.Snapshot;
        if (!isNamed && domains.Exists(path.Name))
        {
            return Present(path, body); // What is checked against others of its log would be found wrong only because it is there.
        }

        // What the domain has already was checked when it was taken in, and its bytes are these.
        var isKnown = path.Kind is ObjectKind.Segment or ObjectKind.Snapshot && body.Digest() == path.Digest && domains.HasTaken(domain, path);
        if ((isKnown ? acceptance.WhyNotAgain(path, body, domain) : acceptance.WhyNot(path, body, domain)) is { } refused)
        {
            return !isNamed && domains.Exists(path.Name) ? Present(path, body) : refused; // Somebody else may have been faster.
        }

        // What is there already is read from the medium too: whoever made it may have been stopped before, or it may have rotted since.
        var isCreated = store.Backend.TryCreate(path.Name, body.Bytes);
        if (isCreated || isNamed)
        {
            acceptance.ReadBack(path, body);
        }

        if (path.Kind is ObjectKind.Block or ObjectKind.Segment)
        {
            domains.Give(domain, path.Digest);
        }

        return isCreated ? null : Taken(path);
    }

    /// <summary>What is said of a name that is taken. Creating it once more changes nothing and makes durable what is there.</summary>
    private AslError Present(ObjectPath path, Body body)
    {
        _ = store.Backend.TryCreate(path.Name, body.Bytes);
        return Taken(path);
    }

    /// <summary>SHA-256 of an object as its medium has it, in a little memory.</summary>
    private Digest DigestOf(ObjectName name)
    {
        using var found = store.Backend.OpenExisting(name, pastCache: true);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(SliceBytes);
        try
        {
            for (var offset = 0L; offset < found.Length;)
            {
                var slice = buffer.AsSpan(0, (int)Math.Min(buffer.Length, found.Length - offset));
                found.Read(offset, slice);
                hash.AppendData(slice);
                offset += slice.Length;
            }

            return new Digest(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static AslError Taken(ObjectPath path) => new(ErrorCode.StoreOccupied, "the name is taken")
    {
        Where = path.Name.Path,
        Why = $"{path.Name} is there already, and objects are never changed",
        Fix = "compare Repr-Digest: what was to be stored may be there already",
    };

    /// <summary>False when a body that takes more than half of the memory came too slowly.</summary>
    private async Task<bool> FillInTimeAsync(HttpContext context, Body body)
    {
        if (memory.TimeMax(body.Length) is not { } timeMax)
        {
            await FillAsync(context.Request.BodyReader, body, context.RequestAborted);
            return true;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(timeMax);
        try
        {
            await FillAsync(context.Request.BodyReader, body, limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = context.Request.Protocol == HttpProtocol.Http11 ? "close" : default(Microsoft.Extensions.Primitives.StringValues);
            return false;
        }
    }

    private static async Task FillAsync(PipeReader reader, Body body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            foreach (var part in result.Buffer)
            {
                body.Add(part.Span[..(int)Math.Min(part.Length, body.Length - body.Filled)]);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || body.Filled == body.Length)
            {
                return;
            }
        }
    }

    private static async Task<(Digest Digest, long Count)> HashAsync(PipeReader reader, long length, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var count = 0L; ;)
        {
            var result = await reader.ReadAsync(cancellationToken);
            foreach (var part in result.Buffer)
            {
                hash.AppendData(part.Span);
                count += part.Length;
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || count >= length)
            {
                return (new Digest(hash.GetHashAndReset()), count);
            }
        }
    }

    private static AslError CutShort(long count, long length) =>
        Problems.Invalid(string.Create(CultureInfo.InvariantCulture, $"{count} bytes came, Content-Length says {length}"));

    /// <summary>Null when what came in is what was sent.</summary>
    private static AslError? WhyNotWhole(HttpRequest request, Digest digest, long length) => digest == Digests.Parse(request.Headers["Content-Digest"]) ? null
        : new AslError(ErrorCode.RemoteContentRefused, "the content is refused")
        {
            Why = $"its {length} bytes hash to {digest}, Content-Digest says otherwise",
            Fix = "send it again: it was damaged on the way, or before",
        };

    private async Task HeadAsync(HttpContext context, ObjectPath path, IStoredObject found)
    {
        if (context.Request.Headers["Want-Repr-Digest"].ToString().Contains("sha-256", StringComparison.OrdinalIgnoreCase))
        {
            if (path.Kind == ObjectKind.Block)
            {
                await Task.Run(() => acceptance.CheckStored(path), context.RequestAborted);
            }
            else
            {
                context.Response.Headers["Repr-Digest"] = Digests.Write(await Task.Run(() => DigestOf(path.Name), context.RequestAborted));
            }
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.AcceptRanges = "bytes";
        context.Response.ContentLength = found.Length;
    }

    private static async Task SendAsync(HttpContext context, IStoredObject found)
    {
        var response = context.Response;
        response.ContentType = "application/octet-stream";
        response.Headers.AcceptRanges = "bytes";
        var (start, length) = (0L, found.Length);
        if (context.Request.GetTypedHeaders().Range is { Ranges: { Count: 1 } ranges, Unit.Value: "bytes" } && ranges.First() is var range)
        {
            start = range.From ?? Math.Max(found.Length - (range.To ?? 0), 0);
            var end = range.From is null ? found.Length - 1 : Math.Min(range.To ?? long.MaxValue, found.Length - 1);
            if (start > end)
            {
                response.Headers.ContentRange = new ContentRangeHeaderValue(found.Length).ToString();
                await Problems.WriteAsync(context, Problems.Invalid(string.Create(CultureInfo.InvariantCulture, $"the object has {found.Length} bytes")), StatusCodes.Status416RangeNotSatisfiable);
                return;
            }

            length = end - start + 1;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = new ContentRangeHeaderValue(start, end, found.Length).ToString();
        }

        response.ContentLength = length;
        await SendAsync(response.Body, found, start, length, context.RequestAborted);
    }

    private static async Task SendAsync(Stream target, IStoredObject found, long start, long length, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(SliceBytes, Math.Max(length, 1)));
        try
        {
            for (var sent = 0L; sent < length;)
            {
                var count = (int)Math.Min(buffer.Length, length - sent);
                found.Read(start + sent, buffer.AsSpan(0, count));
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                sent += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What is wrong with the head of a PUT.</summary>
    private static (int Status, string Why)? WhyNotTaken(HttpRequest request, ObjectPath path)
    {
        if (request.Headers.IfNoneMatch.ToString() != "*")
        {
            return (StatusCodes.Status400BadRequest, "If-None-Match: * is missing: objects are created and never changed");
        }

        if (request.ContentLength is not { } length)
        {
            return (StatusCodes.Status411LengthRequired, "Content-Length is missing");
        }

        if (length > BytesMax(path.Kind))
        {
            return (StatusCodes.Status413PayloadTooLarge, string.Create(CultureInfo.InvariantCulture, $"{length} bytes are more than the {BytesMax(path.Kind)} that such an object may have"));
        }

        return path.Kind == ObjectKind.Block || Digests.Parse(request.Headers["Content-Digest"]) is not null ? null
            : (StatusCodes.Status400BadRequest, "Content-Digest with sha-256 is missing");
    }

    /// <summary>No object of a kind is longer.</summary>
    internal static int BytesMax(ObjectKind kind) => kind switch
    {
        ObjectKind.Snapshot => BackendExtensions.ObjectBytesMax,
        ObjectKind.Seal or ObjectKind.Signature or ObjectKind.Format => SmallBytesMax,
        _ => Store.Format.StoreFormat.BlockFileBytesMax,
    };

    private static bool TryBelow(HttpContext context, out Digest? below)
    {
        var text = context.Request.Headers["Asl-Snapshot"].ToString();
        var isGood = Digest.TryParse(text, out var snapshot);
        below = isGood ? snapshot : null;
        return isGood || text.Length == 0;
    }

    private static AslError Missing(ObjectPath path) => new(ErrorCode.ObjectMissing, "there is no such object")
    {
        Where = path.Name.Path,
        Fix = "asl-admin verify --data   (if something refers to it)",
    };
}
