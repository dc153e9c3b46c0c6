using System.Text;
using System.Text.Unicode;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Reads the files that configuration comes from. A file that is not there is no error: it says nothing.</summary>
internal static class ConfigurationText
{
    /// <summary>Far above any real file, far below what would hurt a machine with little memory.</summary>
    private const int BytesMax = 4 << 20;

    private const int ChunkBytes = 16 << 10;

    /// <summary>The bytes of a file, or null where there is none.</summary>
    /// <exception cref="AslException">ConfigUnreadable: it is there and cannot be read, or is absurdly large.</exception>
    public static byte[]? Bytes(ConfigurationPaths paths, string path)
    {
        try
        {
            // Not File.ReadAllBytes: a file of /proc has no length, and a wrong one may have no end.
            using var file = File.OpenRead(paths.Followed(path));
            return ReadBounded(file, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ConfigurationErrors.Unreadable(path, e.Message, e);
        }
    }

    /// <summary>The text of a UTF-8 file, without a byte order mark.</summary>
    /// <exception cref="AslException">ConfigUnreadable, or ConfigSyntax at the first byte that is not UTF-8.</exception>
    public static SourceText? Source(ConfigurationPaths paths, string path)
    {
        var bytes = Bytes(paths, path);
        return bytes is null ? null : Decode(path, bytes);
    }

    /// <summary>The text of a file that must be there.</summary>
    /// <exception cref="AslException">ConfigUnreadable, also when there is none; or ConfigSyntax.</exception>
    public static SourceText ReadRequired(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Decode(path, ReadBounded(file, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ConfigurationErrors.Unreadable(path, e.Message, e);
        }
    }

    private static SourceText Decode(string path, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        var text = new SourceText(path, Encoding.UTF8.GetString(bytes));
        if (!Utf8.IsValid(bytes))
        {
            throw ConfigurationErrors.NotUtf8(text.Where(Encoding.UTF8.GetCharCount(ValidStart(bytes))));
        }

        return text;
    }

    private static ReadOnlySpan<byte> ValidStart(ReadOnlySpan<byte> bytes)
    {
        var valid = 0;
        while (Rune.DecodeFromUtf8(bytes[valid..], out _, out var used) == System.Buffers.OperationStatus.Done)
        {
            valid += used;
        }

        return bytes[..valid];
    }

    private static byte[] ReadBounded(FileStream file, string path)
    {
        var all = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        for (int read; (read = file.Read(chunk)) > 0;)
        {
            all.Write(chunk.AsSpan(0, read));
            if (all.Length > BytesMax)
            {
                throw ConfigurationErrors.Unreadable(path, "it is larger than 4 MiB, which no configuration is", inner: null);
            }
        }

        return all.ToArray();
    }
}
