namespace AslRescue.Testing;

/// <summary>Trees of files from a seed: texts, random bytes, repeats of each other, in folders.</summary>
public static class SampleTree
{
    /// <summary>Makes a tree; the same seed makes the same bytes and names.</summary>
    /// <param name="root">A folder that does not exist yet.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="files">How many.</param>
    /// <param name="bytesMax">No file is longer.</param>
    public static void Make(string root, int seed, int files, int bytesMax)
    {
        var random = new Random(seed);
        byte[] last = [];
        for (var index = 0; index < files; index++)
        {
            var folder = Path.Combine(root, $"folder-{random.Next(1 + (files / 8))}");
            Directory.CreateDirectory(folder);
            var content = random.Next(4) switch
            {
                0 => Text(random, random.Next(bytesMax)),
                1 => last,
                2 => [.. Text(random, 100), .. last.Take(bytesMax / 2)],
                _ => RandomBytes(random, random.Next(bytesMax)),
            };
            var path = Path.Combine(folder, $"file-{index}");
            File.WriteAllBytes(path, content);
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddSeconds(random.Next()));
            last = content;
        }
    }

    private static byte[] RandomBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Text(Random random, int length)
    {
        var bytes = new byte[length];
        for (var index = 0; index < length; index++)
        {
            bytes[index] = (byte)"etaoin shrdlu\n"[random.Next(14)];
        }

        return bytes;
    }
}
