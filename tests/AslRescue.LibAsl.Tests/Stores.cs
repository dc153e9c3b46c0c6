using AslRescue.Intake.Ingestion;
using AslRescue.Store;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests;

/// <summary>Stores to read, made by an ingest of real files.</summary>
internal sealed class Stores : IDisposable
{
    private readonly ScratchFolder _folder = new();

    internal string Store => _folder["store"];

    internal string Source => _folder["source"];

    internal string PathOf(string name) => _folder[name];

    /// <summary>Ingests the source, or what is named.</summary>
    internal SealedSnapshot Ingest(params string[] sources) => Ingest(new IngestOptions { Sources = sources.Length > 0 ? sources : [Source], Domain = "test", Workers = 2, Program = "test" });

    internal SealedSnapshot Ingest(IngestOptions options)
    {
        using var store = ArtifactStore.OpenOrCreate(Store);
        using var run = IngestRun.Begin(store, options, TimeProvider.System);
        run.Ingest(CancellationToken.None);
        return run.Seal(new Dictionary<string, byte[]>());
    }

    /// <summary>An image of so many sectors of 512 bytes, of which some could not be read.</summary>
    internal byte[] IngestDamagedImage(int sectors, params (int Start, int Count)[] bad)
    {
        var bytes = SeededBytes.Of(9, sectors * 512);
        var image = _folder["disk.img"];
        File.WriteAllBytes(image, bytes);
        var map = new StringWriter();
        map.Write("0x0 +\n");
        var position = 0;
        foreach (var (start, count) in bad)
        {
            map.Write($"0x{position * 512:x} 0x{(start - position) * 512:x} +\n0x{start * 512:x} 0x{count * 512:x} -\n");
            position = start + count;
        }

        map.Write($"0x{position * 512:x} 0x{(sectors - position) * 512:x} +\n");
        Ingest(new IngestOptions
        {
            Sources = [image],
            Domain = "test",
            Workers = 2,
            Image = new() { FilesAreImages = true, Mapfile = System.Text.Encoding.ASCII.GetBytes(map.ToString()) },
        });
        return bytes;
    }

    /// <summary>Turns a bit of an object of the store.</summary>
    internal void Damage(string path, int offset)
    {
        var full = Path.Combine(Store, path);
        var bytes = File.ReadAllBytes(full);
        bytes[offset] ^= 4;
        File.Delete(full);
        File.WriteAllBytes(full, bytes);
    }

    public void Dispose() => _folder.Dispose();
}
