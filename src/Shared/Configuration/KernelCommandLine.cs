using System.Text;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>
/// Reads <c>asl.KEY=VALUE</c> from the kernel command line, cut as the kernel cuts it (lib/cmdline.c, next_arg): white space parts
/// parameters except inside double quotes; quotes around a whole parameter or a whole value are dropped; there are no escapes.
/// Of a key that stands there several times the last counts: what is typed at the boot prompt comes after what the medium says.
/// </summary>
internal static class KernelCommandLine
{
    private const string Prefix = "asl.";

    public static IReadOnlyList<RawEntry> Read(string path, byte[] bytes)
    {
        var last = new Dictionary<string, RawEntry>();
        foreach (var (name, value) in Parameters(Encoding.UTF8.GetString(bytes)))
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                last[name] = Entry(name, value, $"{path}, {name}");
            }
        }

        return [.. last.Values];
    }

    /// <summary>The parameters in order; the value is null where there is no "=".</summary>
    internal static IEnumerable<(string Name, string? Value)> Parameters(string line)
    {
        for (var at = SkipSpace(line, 0); at < line.Length;)
        {
            var end = End(line, at);
            yield return Split(line[at..end]);
            at = SkipSpace(line, end);
        }
    }

    private static RawEntry Entry(string name, string? value, string where)
    {
        // GetString puts this character where the bytes are none; a path with it in would be another path.
        if ((name + value).Contains(char.ConvertFromUtf32(0xFFFD), StringComparison.Ordinal))
        {
            throw ConfigurationErrors.NotUtf8(where);
        }

        var kind = value is null ? RawKind.Null : RawKind.Untyped;
        return new RawEntry(name[Prefix.Length..], where, new RawValue(kind, value ?? "", where));
    }

    private static (string Name, string? Value) Split(string parameter)
    {
        if (parameter is ['"', ..])
        {
            parameter = parameter[1..];
            parameter = parameter is [.., '"'] ? parameter[..^1] : parameter;
        }

        // A "=" in front is part of the name, there as here.
        var equals = parameter.Length > 1 ? parameter.IndexOf('=', 1) : -1;
        return equals < 0 ? (parameter, null) : (parameter[..equals], Unquoted(parameter[(equals + 1)..]));
    }

    private static string Unquoted(string value)
    {
        if (value is not ['"', .. var inner])
        {
            return value;
        }

        return inner is [.. var whole, '"'] ? whole : inner;
    }

    private static int End(string line, int at)
    {
        for (var isQuoted = false; at < line.Length && (isQuoted || !IsSpace(line[at])); at++)
        {
            isQuoted ^= line[at] == '"';
        }

        return at;
    }

    private static int SkipSpace(string line, int at)
    {
        while (at < line.Length && IsSpace(line[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r') or '\0';
}
