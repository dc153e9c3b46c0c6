using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;

namespace AslRescue.Store.Inspection;

/// <summary>
/// An object as it lies there, of a store or as a file by itself. What cannot be read of it is said and not thrown: an inspector goes on
/// behind a bad sector. One thread at a time.
/// </summary>
public sealed class InspectedFile : IDisposable
{
    private readonly IStoredObject _bytes;

    /// <param name="place">What it is called, for people.</param>
    /// <param name="bytes">Disposed with this one.</param>
    /// <param name="name">The last part of its path, where that is a digest: what the object should hash to.</param>
    public InspectedFile(string place, IStoredObject bytes, Digest? name) => (Place, _bytes, Name) = (place, bytes, name);

    /// <summary>A path or an object's address.</summary>
    public string Place { get; }

    /// <summary>The digest that it is called by; null where it is called otherwise.</summary>
    public Digest? Name { get; }

    /// <summary>Bytes.</summary>
    public long Length => _bytes.Length;

    /// <summary>Opens a file of a directory, whatever holds it.</summary>
    /// <exception cref="AslException">StoreIo: it is no file, or cannot be opened.</exception>
    public static InspectedFile Open(string path)
    {
        var full = Path.GetFullPath(path);
        full = File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
        if (Posix.StatAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(full), out var status) is var result and < 0)
        {
            throw Unreadable(full, Errno.Text(result));
        }

        // Opening a fifo would wait for somebody who writes into it.
        if (status.Kind != FileKind.Regular)
        {
            throw Unreadable(full, $"it is no file: {status.Kind}");
        }

        using var folder = new DirectoryBackend(Path.GetDirectoryName(full)!);
        var name = Path.GetFileName(Path.GetFullPath(path));
        return folder.Open(ObjectName.Parsed(Path.GetFileName(full))) is { } bytes
            ? new(path, bytes, Digest.TryParse(name, out var digest) ? digest : null)
            : throw Unreadable(full, "it is gone");
    }

    /// <summary>Opens an object of a store; null when there is none of that name.</summary>
    /// <exception cref="AslException">The backend fails.</exception>
    public static InspectedFile? Open(IBackend backend, ObjectName name) =>
        backend.Open(name) is { } bytes ? new(name.Path, bytes, Digest.TryParse(name.Path.AsSpan(name.Path.LastIndexOf('/') + 1), out var digest) ? digest : null) : null;

    /// <summary>Fills the buffer from an offset. Null, or why that does not go; the buffer holds anything then.</summary>
    public string? Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || buffer.Length > Length - offset)
        {
            return $"the file ends at {Length}";
        }

        try
        {
            _bytes.Read(offset, buffer);
            return null;
        }
        catch (AslException exception)
        {
            return exception.Error.Why ?? exception.Error.What;
        }
    }

    /// <summary>Bytes of a place; null when the file is shorter or they cannot be read.</summary>
    internal byte[]? TryRead(long offset, int length)
    {
        if (offset < 0 || length < 0 || length > Length - offset)
        {
            return null;
        }

        var bytes = new byte[length];
        return Read(offset, bytes) is null ? bytes : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private static AslException Unreadable(string path, string why) => new(new AslError(ErrorCode.StoreIo, "cannot open an object")
    {
        Where = path,
        Why = why,
        Fix = "name a file, or an object of a store with --store STORE",
    });
}
