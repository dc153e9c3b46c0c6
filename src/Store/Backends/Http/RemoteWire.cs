using System.Buffers;
using System.Text.Json;

namespace AslRescue.Store.Backends.Http;

/// <summary>What a server says of itself and of the caller.</summary>
public sealed record ServerFacts
{
    /// <summary>"asl-backend 0.1.0".</summary>
    public required string Program { get; init; }

    /// <summary>SHA-256 of the store's format.toml, in hexadecimal.</summary>
    public required string Format { get; init; }

    /// <summary>The name under which the server knows the caller.</summary>
    public required string Caller { get; init; }

    /// <summary>intake, read or admin.</summary>
    public required string Role { get; init; }

    /// <summary>The domains that the caller is bound to; "*" for all.</summary>
    public required IReadOnlyList<string> Domains { get; init; }

    /// <summary>SHA-256 of the server's certificate.</summary>
    public string? Certificate { get; init; }

    /// <summary>Whether the caller may do something in a domain.</summary>
    public bool MayUse(string domain) => Domains.Contains("*") || Domains.Contains(domain);
}

/// <summary>The JSON of the protocol, as both sides write and read it.</summary>
public static class RemoteWire
{
    /// <summary>Names in one request, items in one page.</summary>
    public const int NamesMax = 1000;

    // Far above any object, far below what could not be added up.
    private const long ObjectBytesMax = 1L << 40;

    /// <summary>{"names":[…]}</summary>
    public static byte[] WriteNames(IEnumerable<ObjectName> names) => Write(writer =>
    {
        writer.WriteStartArray("names");
        foreach (var name in names)
        {
            writer.WriteStringValue(name.Path);
        }

        writer.WriteEndArray();
    });

    /// <summary>Reads <see cref="WriteNames"/>.</summary>
    /// <exception cref="KeyNotFoundException">It has another shape; InvalidOperationException alike.</exception>
    public static HashSet<string> ReadNames(JsonElement body) => [.. body.GetProperty("names").EnumerateArray().Select(name => name.GetString() ?? "")];

    /// <summary>{"items":[{"name":…,"length":…}],"next":…}; a folder has no length.</summary>
    public static byte[] WritePage(IReadOnlyList<FolderItem> items, string? next) => Write(writer =>
    {
        writer.WriteStartArray("items");
        foreach (var item in items)
        {
            writer.WriteStartObject();
            writer.WriteString("name", item.Name);
            if (!item.IsFolder)
            {
                writer.WriteNumber("length", item.Length);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (next is not null)
        {
            writer.WriteString("next", next);
        }
    });

    /// <summary>{"checkpoint":…}</summary>
    public static byte[] WriteCheckpoint(ReadOnlySpan<byte> body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body);
        return Write(writer => writer.WriteString("checkpoint", text));
    }

    /// <summary>Reads <see cref="WriteCheckpoint"/>.</summary>
    /// <exception cref="KeyNotFoundException">It has another shape; InvalidOperationException alike.</exception>
    public static string ReadCheckpoint(JsonElement body) => body.GetProperty("checkpoint").GetString() ?? "";

    /// <summary>{"signature":…}</summary>
    public static byte[] WriteCosignature(string line) => Write(writer => writer.WriteString("signature", line));

    internal static string ReadCosignature(JsonElement body) => body.GetProperty("signature").GetString()!;

    /// <summary>{"holder":…}</summary>
    public static byte[] WriteLease(string holder) => Write(writer => writer.WriteString("holder", holder));

    /// <summary>Reads <see cref="WriteLease"/>.</summary>
    /// <exception cref="KeyNotFoundException">It has another shape; InvalidOperationException alike.</exception>
    public static string ReadLease(JsonElement body) => body.GetProperty("holder").GetString() ?? "";

    /// <summary>What <c>GET /v1</c> answers.</summary>
    public static byte[] WriteFacts(ServerFacts facts) => Write(writer =>
    {
        writer.WriteString("program", facts.Program);
        writer.WriteNumber("protocol", 1);
        writer.WriteString("format", facts.Format);
        writer.WriteString("caller", facts.Caller);
        writer.WriteString("role", facts.Role);
        writer.WriteStartArray("domains");
        foreach (var domain in facts.Domains)
        {
            writer.WriteStringValue(domain);
        }

        writer.WriteEndArray();
    });

    internal static ServerFacts ReadFacts(JsonElement body) => new()
    {
        Program = Text(body.GetProperty("program")),
        Format = Text(body.GetProperty("format")),
        Caller = Text(body.GetProperty("caller")),
        Role = Text(body.GetProperty("role")),
        Domains = [.. body.GetProperty("domains").EnumerateArray().Select(Text)],
    };

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("a text is null");

    /// <exception cref="FormatException">A name in it is none of a folder's: whoever asked makes paths of them.</exception>
    internal static (List<FolderItem> Items, string? Next) ReadPage(JsonElement body) =>
    (
        [.. body.GetProperty("items").EnumerateArray().Select(item => item.TryGetProperty("length", out var length)
            ? new FolderItem(Name(item), IsFolder: false, length.GetInt64() is >= 0 and <= ObjectBytesMax and var bytes ? bytes : throw new FormatException("an object of an impossible length"))
            : new FolderItem(Name(item), IsFolder: true, 0))],
        body.TryGetProperty("next", out var next) ? next.GetString() : null);

    private static string Name(JsonElement item) => item.GetProperty("name").GetString() is { Length: > 0 and <= 255 } name and not ("." or "..") && !name.AsSpan().ContainsAny('/', '\0')
        ? name
        : throw new FormatException("a name that no folder has");

    private static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
