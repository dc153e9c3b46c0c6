using System.Globalization;

namespace AslRescue.Audit.Files;

/// <summary>Evidence in a directory.</summary>
/// <param name="path">The directory.</param>
public sealed class FolderFiles(string path) : IEvidenceFiles
{
    /// <inheritdoc/>
    public string Place => path;

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder)
    {
        var full = Full(folder);
        try
        {
            return Directory.Exists(full)
                ? [.. Directory.EnumerateFileSystemEntries(full).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new EvidenceUnreadableException(full, failure.Message, inner: failure);
        }
    }

    /// <inheritdoc/>
    public byte[]? Read(string name, long bytesMax)
    {
        var full = Full(name);
        try
        {
            if (!File.Exists(full))
            {
                return null;
            }

            using var file = File.OpenRead(full);
            if (file.Length > bytesMax)
            {
                throw new EvidenceUnreadableException(full, string.Create(CultureInfo.InvariantCulture,
                    $"it has {file.Length} bytes, and none of its kind has more than {bytesMax}"), isMalformed: true);
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new EvidenceUnreadableException(full, failure.Message, inner: failure);
        }
    }

    private string Full(string name) => name.Length == 0 ? path : Path.Combine(path, name);
}
