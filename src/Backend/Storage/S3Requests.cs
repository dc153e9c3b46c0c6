using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Storage;

/// <summary>
/// Sends requests to an engine, waits for them, and repeats those that may pass. The SDK's own retries are off: they would be a second clock
/// beside this one. It still repeats what a dropped idle connection swallowed, so no caller may conclude anything from "this was the first attempt".
/// </summary>
internal sealed class S3Requests : IDisposable
{
    /// <summary>How long an engine may say nothing: ten seconds are usual where a storage node dies.</summary>
    internal static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    private const int BodyBytesPerSecondMin = 1 << 20;
    private const int AttemptsMin = 3;
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    private readonly S3HttpClient _http;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;

    internal S3Requests(S3Options options, TimeProvider time)
    {
        (_http, _patience, _time) = (new(options.Authorities), options.Patience, time);
        Client = new(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
        {
            ServiceURL = options.Endpoint.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = options.Region,
            IgnoreConfiguredEndpointUrls = true,
            HttpClientFactory = _http,

            // The checksums that the SDK would add travel in trailers, which some engines refuse and others ignore; the signed digest of the
            // body is checked by all.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 0,
            RetryMode = RequestRetryMode.Standard,
            ThrottleRetries = false,
        });
    }

    internal S3Client Client { get; }

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    /// <summary>Sends a request until it succeeds, fails for good, or patience ends.</summary>
    /// <param name="what">The error's text, should it come to that.</param>
    /// <param name="where">The object or folder.</param>
    /// <param name="request">Builds and sends it; is called once for each attempt.</param>
    /// <param name="bodyBytes">Bytes to be sent, which take time.</param>
    /// <exception cref="AslException">StoreIo.</exception>
    internal T Run<T>(string what, string where, Func<CancellationToken, Task<T>> request, int bodyBytes = 0)
    {
        var attempts = Begin(what, where);
        while (true)
        {
            try
            {
                return Wait(request, SilenceMax + TimeSpan.FromSeconds((double)bodyBytes / BodyBytesPerSecondMin));
            }
            catch (Exception exception) when (S3Failure.IsOfTheEngine(exception))
            {
                attempts.PauseOrThrow(exception);
            }
        }
    }

    /// <summary>For requests that cannot be repeated as a whole: counts their attempts.</summary>
    internal Attempts Begin(string what, string where) => new(this, what, where);

    /// <summary>
    /// The one place that blocks on the SDK, which is asynchronous only, while a backend is called by threads of the store that have nothing
    /// else to do. There is no synchronization context in a server that could be waiting for this thread, and the thread pool adds threads for
    /// those that block on a task. The limit is of the real clock: a network does not wait for a test's.
    /// </summary>
    internal T Wait<T>(Func<CancellationToken, Task<T>> work, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        return work(timeout.Token).GetAwaiter().GetResult();
    }

    private void Pause(int attempt)
    {
        var most = Math.Min(PauseMin.TotalMilliseconds * Math.Pow(2, attempt - 1), PauseMax.TotalMilliseconds);
        var pause = TimeSpan.FromMilliseconds((most / 2) + RandomNumberGenerator.GetInt32((int)(most / 2) + 1));
        Task.Delay(pause, _time).GetAwaiter().GetResult();
    }

    /// <summary>The attempts at one request, and the clock of the patience with them.</summary>
    internal sealed class Attempts(S3Requests requests, string what, string where)
    {
        private readonly long _begin = requests._time.GetTimestamp();
        private int _failed;

        /// <summary>Comes back when it is time for another attempt.</summary>
        /// <exception cref="AslException">There is no point in one.</exception>
        internal void PauseOrThrow(Exception exception)
        {
            _failed++;
            if (!S3Failure.MayPass(exception) || (_failed >= AttemptsMin && requests._time.GetElapsedTime(_begin) >= requests._patience))
            {
                throw S3Failure.Of(what, where, exception);
            }

            requests.Pause(_failed);
        }
    }
}
