using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>Results as JSON on stdout: one document, indented, UTF-8.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static void Write(Action<Utf8JsonWriter> write)
    {
        using var stream = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            write(writer);
        }

        stream.Write("\n"u8);
    }

    /// <summary>An array of objects.</summary>
    internal static void WriteArray<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> writeFields) => Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items)
        {
            writer.WriteStartObject();
            writeFields(writer, item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>A list of texts.</summary>
    internal static void WriteTexts(this Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    /// <summary>Raw bytes as text, with \xNN for what is not printable.</summary>
    internal static void WriteRaw(this Utf8JsonWriter writer, string name, ReadOnlySpan<byte> raw) =>
        writer.WriteString(name, Printable.Bytes(raw));
}
