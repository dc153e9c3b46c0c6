using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Store.Inspection;
using AslRescue.Testing;

namespace AslRescue.Store.Tests.Inspection;

/// <summary>Objects of a small store, handed to an inspector with bytes of the test's choice.</summary>
internal static class Inspected
{
    /// <summary>The path of the first object below a folder.</summary>
    internal static string First(MemoryBackend backend, string folder) => backend.Paths.First(path => path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Bytes under the name that the undamaged object has.</summary>
    internal static InspectedFile File(string path, byte[] content)
    {
        var backend = new MemoryBackend { [path] = content };
        return InspectedFile.Open(backend, ObjectPath.TryParse(path)!.Name)!;
    }

    /// <summary>Bytes that nobody gave a name.</summary>
    internal static InspectedFile Nameless(byte[] content)
    {
        var named = Digest.Of(content);
        var backend = new MemoryBackend { [$"segments/{named}"] = content };
        return new("bytes", backend.Open(ObjectName.Segment(named))!, null);
    }

    /// <summary>The bytes with one of them changed.</summary>
    internal static byte[] Flipped(byte[] content, int position, byte bits = 0x10)
    {
        byte[] changed = [.. content];
        changed[position] ^= bits;
        return changed;
    }
}
