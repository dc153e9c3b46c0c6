using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Serving;

/// <summary>The protocol for programs: openapi.json, built into the server.</summary>
internal static class OpenApi
{
    /// <summary>The document.</summary>
    internal static byte[] Document { get; } = Load();

    internal static async Task SendAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Document.Length;
        await context.Response.Body.WriteAsync(Document, context.RequestAborted);
    }

    private static byte[] Load()
    {
        using var stream = typeof(OpenApi).Assembly.GetManifestResourceStream("openapi.json")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
