using System.Globalization;
using System.Text.Json;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends.Http;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Serving;

/// <summary>Failures as answers: problem documents of RFC 9457.</summary>
internal static class Problems
{
    /// <summary>The status that belongs to an error of a request.</summary>
    internal static int StatusOf(AslError error) => error.Code switch
    {
        ErrorCode.RemoteRequestInvalid => StatusCodes.Status400BadRequest,
        ErrorCode.RemoteUnauthenticated => StatusCodes.Status401Unauthorized,
        ErrorCode.RemoteForbidden => StatusCodes.Status403Forbidden,
        ErrorCode.ObjectMissing or ErrorCode.SnapshotMissing or ErrorCode.PathMissing => StatusCodes.Status404NotFound,
        ErrorCode.RunBusy => StatusCodes.Status409Conflict,
        ErrorCode.StoreOccupied => StatusCodes.Status412PreconditionFailed,
        ErrorCode.RemoteContentRefused or ErrorCode.SignatureRefused => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.RemoteBusy or ErrorCode.StoreIo => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Answers with an error; nothing may have been sent.</summary>
    internal static async Task WriteAsync(HttpContext context, AslError error, int? status = null)
    {
        var response = context.Response;
        response.StatusCode = status ?? StatusOf(error);
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        response.Headers[HttpBackend.ErrorHeader] = error.IsPermanent ? $"{error.CodeText} permanent" : error.CodeText;
        if (response.StatusCode is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = "1";
        }

        if (response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        var body = Serialize(error, response.StatusCode);
        response.ContentLength = body.Length;
        context.Items[typeof(AslError)] = error;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>A request that no server could carry out.</summary>
    internal static AslError Invalid(string why, string fix = "see docs/backend-protocol.md, or GET /v1/openapi.json") =>
        new(ErrorCode.RemoteRequestInvalid, "the request is not understood") { Why = why, Fix = fix };

    private static byte[] Serialize(AslError error, int status)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", $"urn:asl:error:{error.CodeText}");
            writer.WriteString("title", error.What);
            writer.WriteNumber("status", status);
            writer.WriteString("detail", error.Why ?? string.Create(CultureInfo.InvariantCulture, $"status {status}"));
            writer.WriteString("code", error.CodeText);
            writer.WriteString("fix", error.Fix);
            writer.WriteBoolean("permanent", error.IsPermanent);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
