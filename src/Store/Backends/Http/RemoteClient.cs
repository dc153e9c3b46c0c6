using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Network;
using Polly;
using Polly.Retry;

namespace AslRescue.Store.Backends.Http;

/// <summary>
/// Requests to one server: over TLS that proves who it is, repeated while a failure may pass, with every answer either understood or refused.
/// </summary>
/// <remarks>
/// Synchronous, as backends are: a thread that compresses or seals has nothing else to do meanwhile. Any thread. Disposing it ends requests that
/// are under way.
/// </remarks>
internal sealed class RemoteClient : IDisposable
{
    /// <summary>Every answer of a server has it: what stands before a server answers without it.</summary>
    internal const string ProtocolHeader = "Asl-Protocol";

    /// <summary>"ASL2041 permanent": the code of an error, also where there is no body.</summary>
    internal const string ErrorHeader = "Asl-Error";

    private const int KeepAliveIdleSeconds = 15;
    private const int KeepAliveIntervalSeconds = 5;
    private const int KeepAliveCount = 6;
    private static readonly ResiliencePropertyKey<long> Began = new("began");
    private readonly RemoteOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly HttpClient _checking;
    private readonly ResiliencePipeline _retry;
    private readonly CancellationTokenSource _closed = new();
    private string? _refusal;
    private int _requests;
    private int _checks;
    private long _moved;

    internal RemoteClient(RemoteOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Throttle = new(options.BytesPerSecondMax, time);
        _http = new HttpClient(NewHandler(options.Patience)) { Timeout = Timeout.InfiniteTimeSpan };
        _checking = new HttpClient(NewHandler(options.CheckPatience)) { Timeout = Timeout.InfiniteTimeSpan };
        _retry = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(NewRetry(options.Retry)).Build();
        Root = options.Endpoint.AbsoluteUri.TrimEnd('/');
    }

    /// <summary>The endpoint, without a slash at its end.</summary>
    internal string Root { get; }

    /// <summary>What bodies pass through.</summary>
    internal Throttle Throttle { get; }

    /// <summary>
    /// Whether a request is under way that sent something not long ago, over however slow a link, or whose answer may take minutes and is not overdue. From any thread.
    /// </summary>
    internal bool IsWaiting => Volatile.Read(ref _requests) > 0
        && _time.GetElapsedTime(Volatile.Read(ref _moved)) <= _options.Patience + (Volatile.Read(ref _checks) > 0 ? _options.CheckPatience : default);

    /// <summary>A part of a request was sent.</summary>
    internal void Moved() => Volatile.Write(ref _moved, _time.GetTimestamp());

    /// <summary>SHA-256 of the server's certificate, once it was seen.</summary>
    internal string? Fingerprint { get; private set; }

    /// <summary>
    /// Sends a request until there is an answer that counts. <paramref name="read"/> takes the answer's body in, so that one that is cut short is asked
    /// for again, and throws <see cref="RemoteFault"/> for what may pass.
    /// </summary>
    /// <param name="make">Makes the request, anew for each attempt.</param>
    /// <param name="read">Understands the answer.</param>
    /// <param name="isCheckedLong">Whether the server may be silent for minutes before it answers.</param>
    /// <exception cref="AslException">EndpointUnreachable, RemoteUntrusted; what the server refused, by its code.</exception>
    internal T Ask<T>(Func<HttpRequestMessage> make, Func<HttpResponseMessage, T> read, bool isCheckedLong = false)
    {
        var context = ResilienceContextPool.Shared.Get(_closed.Token);
        context.Properties.Set(Began, _time.GetTimestamp());
        try
        {
            return _retry.Execute(_ => TryCounted(isCheckedLong, make, read), context);
        }
        catch (RemoteFault fault)
        {
            throw Unreachable(fault.Message, fault);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed.Cancel();
        _http.Dispose();
        _checking.Dispose();
        _closed.Dispose();
    }

    /// <summary>What the server refuses, in its own words.</summary>
    internal AslException Refused(HttpResponseMessage answer, string path) => Refused(answer, ReadProblem(answer), path);

    private AslException Refused(HttpResponseMessage answer, RemoteProblem problem, string path)
    {
        var code = problem.Code is { Length: > 3 } text && int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Enum.IsDefined((ErrorCode)number)
            ? (ErrorCode)number
            : answer.StatusCode switch
            {
                HttpStatusCode.Unauthorized => ErrorCode.RemoteUnauthenticated,
                HttpStatusCode.Forbidden => ErrorCode.RemoteForbidden,
                _ => ErrorCode.RemoteRequestInvalid,
            };
        return new(new AslError(code, $"the server refuses: {problem.Title ?? answer.ReasonPhrase ?? "no reason"}")
        {
            Where = $"{Root}/{path}",
            Why = problem.Detail ?? string.Create(CultureInfo.InvariantCulture, $"it answers {(int)answer.StatusCode}"),
            Fix = problem.Fix ?? "ask whoever runs the server; its log has the request",

            // Whoever runs the server can mend these; and a content may be refused only because there was no time to check it.
            IsPermanent = code is not (ErrorCode.RemoteUnauthenticated or ErrorCode.RemoteForbidden or ErrorCode.RunBusy) && (code != ErrorCode.RemoteContentRefused || problem.IsPermanent),
        });
    }

    private T TryCounted<T>(bool isCheckedLong, Func<HttpRequestMessage> make, Func<HttpResponseMessage, T> read)
    {
        var check = isCheckedLong ? 1 : 0;
        Moved();
        Interlocked.Add(ref _checks, check);
        Interlocked.Increment(ref _requests);
        try
        {
            return Try(isCheckedLong ? _checking : _http, make, read);
        }
        finally
        {
            Interlocked.Decrement(ref _requests);
            Interlocked.Add(ref _checks, -check);
        }
    }

    private T Try<T>(HttpClient http, Func<HttpRequestMessage> make, Func<HttpResponseMessage, T> read)
    {
        try
        {
            using var request = make();
            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            if (_options.Token is { } token)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using var answer = http.Send(request, HttpCompletionOption.ResponseHeadersRead, _closed.Token);
            Judge(answer, request.RequestUri!.AbsolutePath.TrimStart('/'));
            return read(answer);
        }
        catch (HttpRequestException failure) when (_refusal is { } why && failure.InnerException is System.Security.Authentication.AuthenticationException)
        {
            throw new AslException(new AslError(ErrorCode.RemoteUntrusted, "the server does not prove who it is")
            {
                Where = Root,
                Why = why,
                Fix = "set the clock, remote.ca or remote.pin: asl-admin preflight --report   (shows which layer fails)",
                IsPermanent = false,
            }, failure);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            throw new RemoteFault(Innermost(failure), inner: failure);
        }
        catch (OperationCanceledException failure) when (!_closed.IsCancellationRequested)
        {
            throw new RemoteFault("it did not answer in time", inner: failure);
        }
    }

    /// <summary>Throws for what may pass, and for what was not said by a server of this protocol.</summary>
    private void Judge(HttpResponseMessage answer, string path)
    {
        var status = (int)answer.StatusCode;
        if (status is 408 or 429 or >= 500)
        {
            // What the server says of itself may be for good, such as damage; what stands before it knows nothing of that.
            var problem = answer.Headers.Contains(ProtocolHeader) ? ReadProblem(answer) : new RemoteProblem();
            if (problem is { IsPermanent: true, Code: { } code } && code != $"ASL{(int)ErrorCode.Internal}")
            {
                throw Refused(answer, problem, path);
            }

            var after = answer.Headers.RetryAfter;
            var pause = after?.Delta ?? (after?.Date is { } date ? date - _time.GetUtcNow() : null);
            throw new RemoteFault(string.Create(CultureInfo.InvariantCulture, $"it answers {status} {problem.Detail ?? answer.ReasonPhrase}"), pause);
        }

        if (!answer.Headers.Contains(ProtocolHeader))
        {
            throw new RemoteFault(string.Create(CultureInfo.InvariantCulture, $"what answers is no asl-backend: status {status}, {answer.Content.Headers.ContentType?.MediaType ?? "no content type"}"));
        }
    }

    private SocketsHttpHandler NewHandler(TimeSpan patience) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseProxy = _options.Proxy is not null,
        Proxy = _options.Proxy is { } proxy ? NewProxy(proxy) : null,
        ConnectTimeout = _options.Patience,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        MaxResponseHeadersLength = 64,
        ConnectCallback = (context, cancellation) => ConnectAsync(context, patience, cancellation),
        SslOptions = NewTls(),
    };

    private SslClientAuthenticationOptions NewTls()
    {
        // The verdict is made anew for each handshake, by the clock of then; the options that hold its callback are made once.
        CertificateVerdict Verdict() => new(_options.Trust, _options.Endpoint.IdnHost, _time.GetUtcNow());
        var options = ReadTrust(Verdict);
        if (_options.Certificate is { } own)
        {
            options.ClientCertificates = [own];
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        }

        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            var verdict = Verdict();
            var isGood = verdict.IsGood(certificate, chain, errors);
            Fingerprint = certificate is null ? null : Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));
            _refusal = isGood ? null : verdict.Says;
            return isGood;
        };
        return options;
    }

    private SslClientAuthenticationOptions ReadTrust(Func<CertificateVerdict> verdict)
    {
        try
        {
            return verdict().Options();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AslException(new AslError(ErrorCode.RemoteUntrusted, "remote.ca cannot be used")
            {
                Where = _options.Trust.Ca,
                Why = failure.Message,
                Fix = "name a file with certificates in PEM, or pin the server's certificate: remote.pin",
            }, failure);
        }
    }

    private static WebProxy NewProxy(Uri proxy)
    {
        var made = new WebProxy(new UriBuilder(proxy) { UserName = "", Password = "" }.Uri);
        if (proxy.UserInfo.Split(':', 2) is [{ Length: > 0 } user, ..] parts)
        {
            made.Credentials = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : ""));
        }

        return made;
    }

    /// <summary>
    /// A connection whose reads and writes end when nothing moves: a body of 32 MiB over a slow link may take as long as it likes. Where an answer may take
    /// minutes, the other host's kernel is asked meanwhile whether it is still there; so what stands between does not forget the connection either.
    /// </summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, TimeSpan patience, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            SendTimeout = (int)_options.Patience.TotalMilliseconds,
            ReceiveTimeout = (int)patience.TotalMilliseconds,
        };
        try
        {
            NoticeDeadHost(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void NoticeDeadHost(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveCount);

        // Nobody is asked while something sent is not acknowledged; without a limit that would be sent again for a quarter of an hour.
        const int tcpUserTimeout = 18; // linux/tcp.h
        var silence = TimeSpan.FromSeconds(KeepAliveIdleSeconds + (KeepAliveIntervalSeconds * KeepAliveCount));
        silence = _options.Patience > silence ? _options.Patience : silence; // A server that takes nothing for a while is no dead one.
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, tcpUserTimeout, BitConverter.GetBytes((int)silence.TotalMilliseconds));
    }

    private RetryStrategyOptions NewRetry(RemoteRetry retry) => new()
    {
        MaxRetryAttempts = Math.Max(retry.AttemptsMax - 1, 1),
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is RemoteFault fault
            && arguments.Context.Properties.TryGetValue(Began, out var began) && _time.GetElapsedTime(began) + (fault.RetryAfter ?? default) < retry.Budget),
        DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(Pause(retry, arguments.AttemptNumber, (arguments.Outcome.Exception as RemoteFault)?.RetryAfter)),
    };

    /// <summary>Twice as long each time, up to a limit, with jitter; at least what the server asks for.</summary>
    private static TimeSpan Pause(RemoteRetry retry, int attempt, TimeSpan? asked)
    {
        var whole = Math.Min(retry.Delay.TotalSeconds * Math.Pow(2, Math.Min(attempt, 30)), retry.DelayMax.TotalSeconds);
        var pause = TimeSpan.FromSeconds(whole * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 2000.0)));
        return asked > pause ? asked.Value : pause;
    }

    private AslException Unreachable(string why, Exception inner) => new(new AslError(ErrorCode.EndpointUnreachable, "the endpoint cannot be reached")
    {
        Where = Root,
        Why = why,
        Fix = "asl-admin preflight --report   (shows which layer fails: link, DNS, TCP, TLS)",
        IsPermanent = false,
    }, inner);

    private static string Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure.Message;

    private static RemoteProblem ReadProblem(HttpResponseMessage answer)
    {
        try
        {
            using var stream = answer.Content.ReadAsStream();
            if (RemoteAnswers.ReadProblem(stream) is { } problem)
            {
                return problem;
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            // The header says the most important of it.
        }

        var words = answer.Headers.TryGetValues(ErrorHeader, out var values) ? string.Join(' ', values).Split(' ') : [];
        return new(words.FirstOrDefault(), IsPermanent: words.Contains("permanent"));
    }
}
