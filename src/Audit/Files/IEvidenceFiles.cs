namespace AslRescue.Audit.Files;

/// <summary>A folder of copied evidence, wherever it lies: read only, and nothing of it believed.</summary>
public interface IEvidenceFiles
{
    /// <summary>Where it lies, for people.</summary>
    string Place { get; }

    /// <summary>Names of files and folders in a folder, sorted by their bytes; empty when there is no such folder.</summary>
    /// <param name="folder">With forward slashes, "" for the top.</param>
    /// <exception cref="EvidenceUnreadableException">The folder is there and cannot be listed.</exception>
    IReadOnlyList<string> List(string folder);

    /// <summary>A file's bytes, or null when there is none of that name.</summary>
    /// <param name="name">With forward slashes.</param>
    /// <param name="bytesMax">What is longer is refused before it is read.</param>
    /// <exception cref="EvidenceUnreadableException">It is there and cannot be read, or is longer.</exception>
    byte[]? Read(string name, long bytesMax);
}

/// <summary>A file or folder of the evidence is there and cannot be read.</summary>
public sealed class EvidenceUnreadableException : Exception
{
    /// <summary>Which one, and why.</summary>
    /// <param name="where">The file or folder.</param>
    /// <param name="why">What went wrong.</param>
    /// <param name="isMalformed">Whether it is what it must not be, and not just out of reach.</param>
    /// <param name="inner">The cause.</param>
    public EvidenceUnreadableException(string where, string why, bool isMalformed = false, Exception? inner = null)
        : base($"{where}: {why}", inner) => (Where, Why, IsMalformed) = (where, why, isMalformed);

    /// <summary>Too long, or no regular file.</summary>
    public bool IsMalformed { get; }

    /// <summary>The file or folder.</summary>
    public string Where { get; }

    /// <summary>What went wrong, without its name.</summary>
    public string Why { get; }
}
