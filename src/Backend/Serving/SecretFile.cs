using System.Text;

namespace AslRescue.Backend.Serving;

/// <summary>A file that nobody but its owner may read.</summary>
internal static class SecretFile
{
    /// <summary>Writes a file with mode 0600; one that is there is replaced.</summary>
    internal static void Write(string path, string text)
    {
        File.Delete(path);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
