using System.Text;
using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Shows every value with its origin, as text or JSON. Everything is shown as it is: no value of the configuration is secret, and
/// a type that could hold a secret (a URL with a password) refuses it.
/// </summary>
public static class ConfigurationListing
{
    private const int ColumnsDefault = 80;
    private const int KeyWidth = 25;
    private const int ValueWidth = 24;

    /// <summary>Aligned lines that fit the columns unless a single value or path does not. Ends with a line feed.</summary>
    public static string Text(AslConfiguration configuration, int columns = ColumnsDefault)
    {
        var text = new StringBuilder();
        foreach (var value in configuration.Values)
        {
            AppendRow(text, columns, value.Key.Name, Shown(value), Source(value));
        }

        foreach (var peer in configuration.Peers)
        {
            AppendPeer(text, columns, peer);
        }

        foreach (var warning in configuration.Warnings)
        {
            text.Append("warning: ").Append(Printable.Text(warning.ToString())).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The same as one JSON object: values, peers, warnings.</summary>
    public static void WriteJson(AslConfiguration configuration, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteArray(writer, "values", configuration.Values, WriteValue);
        WriteArray(writer, "peers", configuration.Peers, WritePeer);
        WriteArray(writer, "warnings", configuration.Warnings, WriteWarning);
        writer.WriteEndObject();
    }

    private static string Shown(ConfigurationValue value) => value switch
    {
        { HasValue: false } => $"({value.Key.WithoutDefault})",
        { Text: "" } => "(none)",
        _ => value.Text,
    };

    private static string Source(ConfigurationValue value) =>
        value.Origin + (value.NeedsApproval ? " (needs approval)" : value.IsTrusted ? "" : " (untrusted)");

    private static void AppendRow(StringBuilder text, int columns, string key, string value, string source)
    {
        var (shown, from) = (Printable.Text(value), Printable.Text(source));
        text.Append(key.PadRight(KeyWidth)).Append(shown);
        _ = shown.Length < ValueWidth && KeyWidth + ValueWidth + from.Length <= columns
            ? text.Append(' ', ValueWidth - shown.Length)
            : text.Append('\n').Append(' ', KeyWidth);
        text.Append(from).Append('\n');
    }

    private static void AppendPeer(StringBuilder text, int columns, Peer peer)
    {
        AppendRow(text, columns, "peer", peer.Id, peer.Origin.Where);
        var trust = peer.IsTrusted ? "trusted" : "not trusted";
        text.Append(' ', KeyWidth).Append(Printable.Text(PeerKeys.Endpoint.Format(peer.Endpoint))).Append('\n');
        text.Append(' ', KeyWidth).Append(PeerKeys.Role.Format(peer.Role)).Append(", ").Append(trust).Append('\n');
        foreach (var key in peer.Keys)
        {
            text.Append(' ', KeyWidth).Append("key ").Append(Convert.ToBase64String(key)).Append('\n');
        }
    }

    private static void WriteArray<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            write(writer, item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, ConfigurationValue value)
    {
        writer.WriteString("key", value.Key.Name);
        writer.WritePropertyName("value");
        value.WriteJson(writer);
        WriteOrigin(writer, value.Origin);
        writer.WriteBoolean("trusted", value.IsTrusted);
        writer.WriteBoolean("needsApproval", value.NeedsApproval);
    }

    private static void WritePeer(Utf8JsonWriter writer, Peer peer)
    {
        writer.WriteString("id", peer.Id);
        writer.WriteString("endpoint", PeerKeys.Endpoint.Format(peer.Endpoint));
        writer.WriteString("role", PeerKeys.Role.Format(peer.Role));
        writer.WriteBoolean("trust", peer.IsTrusted);
        writer.WritePropertyName("keys");
        PeerKeys.Keys.WriteJson(writer, peer.Keys);
        WriteOrigin(writer, peer.Origin);
    }

    private static void WriteWarning(Utf8JsonWriter writer, ConfigurationWarning warning)
    {
        writer.WriteString("where", warning.Where);
        writer.WriteString("text", warning.Text);
    }

    private static void WriteOrigin(Utf8JsonWriter writer, ValueOrigin origin)
    {
        writer.WriteStartObject("origin");
        writer.WriteString("kind", KindWord(origin.Kind));
        writer.WriteString("where", origin.Where);
        writer.WriteEndObject();
    }

    /// <summary>For programs, and so for ever.</summary>
    private static string KindWord(OriginKind kind) => kind switch
    {
        OriginKind.Default => "default",
        OriginKind.File => "file",
        OriginKind.Yaml => "yaml",
        OriginKind.KernelCommandLine => "kernel-command-line",
        OriginKind.Option => "option",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no word for it"),
    };
}
