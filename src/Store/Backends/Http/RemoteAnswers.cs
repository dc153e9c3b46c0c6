using System.Text.Json;

namespace AslRescue.Store.Backends.Http;

/// <summary>A problem document (RFC 9457); all null for an answer that has none.</summary>
internal sealed record RemoteProblem(string? Code = null, string? Title = null, string? Detail = null, string? Fix = null, bool IsPermanent = false);

/// <summary>Reads the bodies of answers. A server is believed in nothing: not that its answer ends, nor that it is what was asked for.</summary>
internal static class RemoteAnswers
{
    /// <summary>A page of a listing has a thousand names of at most 255 bytes, each of which may be escaped.</summary>
    internal const int BodyBytesMax = 4 << 20;

    private const int ProblemBytesMax = 64 << 10;
    private const int DepthMax = 8;

    /// <summary>Reads a document.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="read">Takes what is asked for out of it.</param>
    /// <exception cref="RemoteFault">It is none, another one, or longer than any.</exception>
    internal static T Read<T>(Stream stream, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(Bounded(stream, BodyBytesMax), new() { MaxDepth = DepthMax });
            return read(document.RootElement);
        }
        catch (Exception failure) when (IsMalformed(failure))
        {
            throw new RemoteFault($"its answer cannot be read: {failure.Message}", inner: failure);
        }
    }

    /// <summary>Reads a problem document; null when it is none.</summary>
    internal static RemoteProblem? ReadProblem(Stream stream)
    {
        try
        {
            using var document = JsonDocument.Parse(Bounded(stream, ProblemBytesMax), new() { MaxDepth = DepthMax });
            string? Text(string name) => document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            var isPermanent = document.RootElement.TryGetProperty("permanent", out var permanent) && permanent.ValueKind == JsonValueKind.True;
            return new(Text("code"), Text("title"), Text("detail"), Text("fix"), isPermanent);
        }
        catch (Exception failure) when (IsMalformed(failure))
        {
            return null;
        }
    }

    private static ReadOnlyMemory<byte> Bounded(Stream stream, int bytesMax)
    {
        using var body = new MemoryStream();
        var part = new byte[16 << 10];
        for (int count; (count = stream.Read(part)) > 0;)
        {
            body.Write(part, 0, count);
            if (body.Length > bytesMax)
            {
                throw new FormatException($"it is longer than {bytesMax} bytes");
            }
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static bool IsMalformed(Exception failure) => failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException;
}
