using System.Net;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Storage;

/// <summary>What a failed request to an engine means: whether another attempt may help, and what to tell the operator.</summary>
internal static class S3Failure
{
    /// <summary>4xx that say something about the moment or the way here, not about the request.</summary>
    private static readonly HashSet<string> PassingCodes = new(StringComparer.Ordinal)
    {
        "BadDigest", "ConditionalRequestConflict", "IncompleteBody", "OperationAborted", "RequestTimeout", "SlowDown", "Throttling",
        "XAmzContentSHA256Mismatch",
    };

    /// <summary>Not the engine's fault and not ours: there is no room. Repeating at once is idle, but somebody may make room.</summary>
    private static readonly HashSet<string> FullCodes = new(StringComparer.Ordinal) { "InsufficientCapacity", "QuotaExceeded", "StorageFull" };

    /// <summary>Whether an exception comes from the engine or the way there. Any other is a defect of this program.</summary>
    internal static bool IsOfTheEngine(Exception exception) => exception is AmazonServiceException or AmazonClientException
        or HttpRequestException or IOException or OperationCanceledException or TimeoutException;

    /// <summary>Whether the same request, repeated soon, may succeed.</summary>
    internal static bool MayPass(Exception exception) => !IsFull(exception) && !IsPermanent(exception);

    /// <summary>The failure as the caller of the store sees it.</summary>
    internal static AslException Of(string what, string where, Exception exception) => new(new AslError(ErrorCode.StoreIo, what)
    {
        Where = where,
        Why = Why(exception),
        Fix = Fix(exception),
        IsPermanent = IsPermanent(exception),
    }, exception);

    /// <summary>What the engine said, in one line.</summary>
    internal static string Why(Exception exception) => exception switch
    {
        AmazonServiceException { StatusCode: not 0 } failed => Answer(failed),
        OperationCanceledException => "the engine did not answer in time",
        _ when Untrusted(exception) is { } untrusted => untrusted.Message,
        _ => exception.InnerException is { } inner && !exception.Message.Contains(inner.Message, StringComparison.Ordinal)
            ? $"{exception.Message} ({inner.Message})"
            : exception.Message,
    };

    private static string Answer(AmazonServiceException failed)
    {
        var message = string.IsNullOrEmpty(failed.Message) || failed.Message == failed.ErrorCode ? "" : $" ({failed.Message})";
        return $"the engine answered {(int)failed.StatusCode} {failed.ErrorCode}".TrimEnd() + message;
    }

    private static string Fix(Exception exception) => exception switch
    {
        _ when IsFull(exception) => "give the bucket room or a larger quota, then type the command again; nothing that was stored is lost",
        AmazonServiceException { ErrorCode: "RequestTimeTooSkewed" } => "set the clocks of this server and of the engine: date; timedatectl",
        AmazonServiceException { ErrorCode: "NoSuchBucket" } => "make the bucket, without versioning, or name another one",
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } =>
            "check the access key and its secret, and that they may get, put and list objects and read the versioning of the bucket",
        _ when Untrusted(exception) is not null => "give this server the authority that signed the engine's certificate, and the endpoint by a name that the certificate has",
        _ when IsPermanent(exception) => "check the endpoint, the bucket and the region that this server was given",
        _ => "see that the engine runs and can be reached from this server, then type the command again; nothing that was stored is lost",
    };

    private static bool IsFull(Exception exception) =>
        exception is AmazonServiceException failed && (FullCodes.Contains(failed.ErrorCode ?? "") || (int)failed.StatusCode == 507);

    private static bool IsPermanent(Exception exception) => exception switch
    {
        _ when IsFull(exception) => false,
        AmazonServiceException failed when PassingCodes.Contains(failed.ErrorCode ?? "") => false,

        // A taken name whose object is not to be seen: S3Backend reports it so, and it is a matter of moments.
        AmazonServiceException { StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict } => false,
        AmazonServiceException { StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } => false,
        AmazonServiceException { StatusCode: HttpStatusCode.NotImplemented or (>= HttpStatusCode.MultipleChoices and < HttpStatusCode.InternalServerError) } => true,
        _ => Untrusted(exception) is not null,
    };

    /// <summary>A TLS handshake that failed for want of trust; it will fail again.</summary>
    private static AuthenticationException? Untrusted(Exception? exception)
    {
        while (exception is not null and not AuthenticationException)
        {
            exception = exception.InnerException;
        }

        return exception as AuthenticationException;
    }
}
