using AslRescue.Shared.Errors;

namespace AslRescue.Store.Backends;

/// <summary>What every backend can do by means of the few things that each does.</summary>
public static class BackendExtensions
{
    /// <summary>No object of the format is longer.</summary>
    public const int ObjectBytesMax = 256 << 20;

    /// <summary>Creates an object whose name says what it holds; one that is there already must hold the same bytes.</summary>
    /// <returns>False when it was there.</returns>
    /// <exception cref="AslException">StoreOccupied: the name holds other bytes.</exception>
    public static bool CreateSealed(this IBackend backend, ObjectName name, ReadOnlySpan<byte> content)
    {
        if (backend.TryCreate(name, content))
        {
            return true;
        }

        if (!backend.Holds(name, content))
        {
            throw new AslException(new AslError(ErrorCode.StoreOccupied, $"{name} exists and holds other bytes")
            {
                Where = $"{backend.Location}/{name}",
                Why = "an object is never changed: what is there was damaged, or written by something else",
                Fix = "asl-admin verify --data   (nothing was overwritten)",
            });
        }

        return false;
    }

    /// <summary>The whole object.</summary>
    /// <param name="backend">Where it lies.</param>
    /// <param name="name">Its name.</param>
    /// <param name="bytesMax">Longer ones are refused before anything is allocated.</param>
    /// <param name="pastCache">As <see cref="IBackend.Open"/> has it.</param>
    /// <exception cref="AslException">ObjectMissing, or it is longer than that.</exception>
    public static byte[] ReadAll(this IBackend backend, ObjectName name, int bytesMax = ObjectBytesMax, bool pastCache = false)
    {
        using var found = backend.OpenExisting(name, pastCache);
        if (found.Length > bytesMax)
        {
            throw new AslException(new AslError(ErrorCode.ObjectMissing, $"{name} is no object of this format")
            {
                Where = $"{backend.Location}/{name}",
                Why = $"it is {found.Length} bytes long, at most {bytesMax} are possible",
                Fix = "asl-admin verify --data",
            });
        }

        var content = new byte[found.Length];
        found.Read(0, content);
        return content;
    }

    /// <summary>Opens an object that must be there.</summary>
    /// <exception cref="AslException">ObjectMissing.</exception>
    public static IStoredObject OpenExisting(this IBackend backend, ObjectName name, bool pastCache = false) =>
        backend.Open(name, pastCache) ?? throw new AslException(new AslError(ErrorCode.ObjectMissing, $"{name} is missing")
        {
            Where = $"{backend.Location}/{name}",
            Why = "something in the store refers to it",
            Fix = "asl-admin verify --data   (lists every snapshot it touches)",
        });

    /// <summary>The numbers of the objects in a folder whose names are numbers, ascending.</summary>
    public static IReadOnlyList<long> ListNumbers(this IBackend backend, string folder) =>
    [
        .. backend.List(folder)
            .Where(item => !item.IsFolder)
            .Select(item => ObjectName.TryNumber(item.Name, out var number) ? number : 0)
            .Where(number => number > 0)
            .Order(),
    ];
}
