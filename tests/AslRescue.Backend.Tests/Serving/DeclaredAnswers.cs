using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using AslRescue.Backend.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>
/// Holds every answer that one server gives against its OpenAPI document. Looks on by the events that ASP.NET Core sends to whoever diagnoses it; those of other servers of
/// the process are told apart by their port.
/// </summary>
internal sealed class DeclaredAnswers : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Problem = "application/problem+json";
    private const string Request = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string Begun = Request + ".Start";
    private const string Answered = Request + ".Stop";
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";
    private static readonly JsonElement Paths = ReadPaths();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<int> _statuses = new();
    private readonly ConcurrentQueue<string> _undeclared = new();
    private readonly ConcurrentQueue<IDisposable> _subscriptions = new();

    internal DeclaredAnswers() => _subscriptions.Enqueue(DiagnosticListener.AllListeners.Subscribe(this));

    /// <summary>The server's; its answers count from when it is set.</summary>
    internal int Port { get; set; }

    /// <summary>Method and path of all requests that have begun, in order.</summary>
    internal IReadOnlyCollection<string> Requests => _requests;

    /// <summary>The statuses of all answers that were looked at, in order.</summary>
    internal IReadOnlyCollection<int> Statuses => _statuses;

    /// <summary>What was answered and is not declared, a line each.</summary>
    internal IReadOnlyCollection<string> Undeclared => _undeclared;

    /// <summary>Every operation that the document describes.</summary>
    internal static IEnumerable<(string Method, string Path, JsonElement Responses)> Operations => Paths.EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Where(item => !item.Name.StartsWith("x-", StringComparison.Ordinal)), (path, method) => (method.Name.ToUpperInvariant(), path.Name, method.Value.GetProperty("responses")));

    /// <summary>Null when the document says that a request may be answered so.</summary>
    internal static string? WhyNot(string method, string path, int status, string? mediaType)
    {
        if (Find(path) is not { } described)
        {
            return status == StatusCodes.Status404NotFound && mediaType == Problem ? null : $"there is no {path}: only 404 is told of such";
        }

        var isMethod = described.TryGetProperty(method.ToLowerInvariant(), out var operation);
        if (!(isMethod ? operation : described).TryGetProperty(isMethod ? "responses" : "x-other-methods", out var responses) || !responses.TryGetProperty($"{status}", out var response))
        {
            return $"{status} is not declared";
        }

        List<string> declared = response.TryGetProperty("content", out var content) ? [.. content.EnumerateObject().Select(type => type.Name)] : [];
        var isDeclared = mediaType is null ? declared.Count == 0 : declared.Contains(mediaType);
        return isDeclared || HttpMethods.IsHead(method) ? null : $"{status} is declared as '{string.Join(", ", declared)}' and comes as '{mediaType}'"; // A head tells of a body that does not come.
    }

    /// <summary>Null when the document says of every operation that the web server itself may answer so.</summary>
    internal static string? WhyNotBeforeRequest(int status) =>
        Operations.Where(operation => !operation.Responses.TryGetProperty($"{status}", out var response) || !response.GetProperty("description").GetString()!.Contains("without a body", StringComparison.Ordinal))
            .Select(operation => $"{status} without a body is not declared of {operation.Method} {operation.Path}").FirstOrDefault();

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.AspNetCore")
        {
            _subscriptions.Enqueue(value.Subscribe(this, name => name.StartsWith(Request, StringComparison.Ordinal) || name == Refused));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: Begun, Value: HttpContext begun } && begun.Connection.LocalPort == Port)
        {
            _requests.Enqueue($"{begun.Request.Method} {begun.Request.Path}");
        }

        if (value is { Key: Answered, Value: HttpContext context } && context.Connection.LocalPort == Port && context.Response.HasStarted)
        {
            var (request, response) = (context.Request, context.Response);
            var mediaType = response.ContentType?.Split(';')[0];
            var isForPeople = request.Path.StartsWithSegments("/ui", StringComparison.Ordinal);
            Note($"{request.Method} {request.Path}", response.StatusCode, isForPeople ? null : WhyNot(request.Method, request.Path.Value!, response.StatusCode, mediaType));
        }

        // Not of a connection that is closed because of what follows an answer.
        if (value is { Key: Refused, Value: IFeatureCollection features } && features.Get<IHttpConnectionFeature>()?.LocalPort == Port && features.Get<IHttpResponseFeature>()?.HasStarted == false)
        {
            var status = ((BadHttpRequestException)features.Get<IBadRequestExceptionFeature>()!.Error!).StatusCode;
            Note("no request", status, WhyNotBeforeRequest(status));
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    private void Note(string what, int status, string? why)
    {
        _statuses.Enqueue(status);
        if (why is not null)
        {
            _undeclared.Enqueue($"{what}: {why}");
        }
    }

    /// <summary>What the document has of a path; names of objects and folders have slashes, and the store's own folder is "".</summary>
    private static JsonElement? Find(string path)
    {
        foreach (var described in Paths.EnumerateObject())
        {
            var pattern = Regex.Escape(described.Name).Replace(@"\{name}", ".*", StringComparison.Ordinal).Replace(@"\{folder}", ".*", StringComparison.Ordinal);
            if (Regex.IsMatch(path, $"^{Regex.Replace(pattern, @"\\\{[a-z]+}", "[^/]+")}$", RegexOptions.CultureInvariant))
            {
                return described.Value;
            }
        }

        return null;
    }

    private static JsonElement ReadPaths()
    {
        using var document = JsonDocument.Parse(OpenApi.Document);
        return document.RootElement.GetProperty("paths").Clone();
    }
}
