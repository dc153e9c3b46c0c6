using System.Globalization;
using System.Text;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Rehearsal;

/// <summary>
/// What a rehearsal reads in place of the crashed disks: a tree of about two and a half megabytes with all that makes a tree difficult, and the
/// image of a small disk with ranges that cannot be read. The same bytes each time.
/// </summary>
internal sealed class SyntheticSource
{
    private const string TreeName = "tree";
    private const int ImageBytes = 256 << 10;

    /// <summary>Makes it in an empty folder.</summary>
    internal SyntheticSource(string folder)
    {
        (Tree, Image) = (Path.Combine(folder, TreeName), Path.Combine(folder, "disk.img"));
        Directory.CreateDirectory(Path.Combine(Tree, "letters/old"));
        for (var index = 0; index < 12; index++)
        {
            Write(index % 3 == 0 ? $"letters/old/{index}" : $"letters/{index}", 100 + (index * index * 97), seed: index);
        }

        Write("empty", 0, seed: 0);
        Write("photograph", 1_100_000, seed: 20);
        Write("film", 900_000, seed: 21);
        WriteWithHoles("database");
        Link("film", "film, once more");
        Posix.MakeSymbolicLinkAt("photograph"u8, Posix.WorkingDirectory, Encoding.UTF8.GetBytes(Path.Combine(Tree, "link")));
        WriteUnreadableName();
        File.WriteAllBytes(Image, Bytes(ImageBytes, seed: 30));
    }

    /// <summary>The tree.</summary>
    internal string Tree { get; }

    /// <summary>The image.</summary>
    internal string Image { get; }

    /// <summary>What ddrescue would have found out about the image: two ranges that are bad, of a sector and of sixteen.</summary>
    internal static byte[] Mapfile => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"""
        0x0 + 1
        0 0x8000 +
        0x8000 0x200 -
        0x8200 0x15E00 +
        0x1E000 0x2000 -
        0x20000 0x{ImageBytes - 0x20000:X} +

        """));

    /// <summary>Removes the folder that it was made in, which the runtime cannot: it meets a name there that is no text.</summary>
    internal static void Remove(string folder)
    {
        _ = Posix.UnlinkAt(Posix.WorkingDirectory, NoText(Path.Combine(folder, TreeName)));
        Directory.Delete(folder, recursive: true);
    }

    private void Write(string name, int length, int seed) => File.WriteAllBytes(Path.Combine(Tree, name), Bytes(length, seed));

    private void WriteWithHoles(string name)
    {
        using var file = File.OpenHandle(Path.Combine(Tree, name), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, Bytes(8192, seed: 40), 512 << 10);
        RandomAccess.SetLength(file, 1 << 20);
    }

    private void Link(string name, string another) => Posix.LinkAt(
        Posix.WorkingDirectory, Encoding.UTF8.GetBytes(Path.Combine(Tree, name)), Posix.WorkingDirectory, Encoding.UTF8.GetBytes(Path.Combine(Tree, another)));

    private void WriteUnreadableName()
    {
        using var file = Posix.Own(Posix.OpenAt(Posix.WorkingDirectory, NoText(Tree), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x180));
        RandomAccess.Write(file, Bytes(700, seed: 50), 0);
    }

    /// <summary>Names are bytes, and these are no text.</summary>
    private static byte[] NoText(string tree) => [.. Encoding.UTF8.GetBytes(tree), .. "/caf"u8, 0xE9, 0xFF];

    /// <summary>Bytes that do not compress (SplitMix64, Steele and others 2014).</summary>
    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[(length + 7) / 8 * 8];
        var state = (ulong)seed << 32;
        for (var at = 0; at < bytes.Length; at += 8)
        {
            var mixed = state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            BitConverter.TryWriteBytes(bytes.AsSpan(at), mixed ^ (mixed >> 31));
        }

        return bytes[..length];
    }
}
