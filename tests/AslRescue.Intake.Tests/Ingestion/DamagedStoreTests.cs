using System.Globalization;
using System.Text.RegularExpressions;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Checking;
using AslRescue.Store.Format;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed partial class DamagedStoreTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public DamagedStoreTests()
    {
        SampleTree.Make(_scratch["tree"], seed: 3, files: 6, bytesMax: 900);
        using var store = ArtifactStore.Create(_scratch["store"], new StoreFormat());
        Ingests.Run(store, Ingests.Of(_scratch["tree"]));
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Every_byte_of_a_store_flipped_once_is_found_with_file_and_offset()
    {
        var flipped = 0;
        foreach (var file in Directory.EnumerateFiles(_scratch["store"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var content = File.ReadAllBytes(file);
            for (var offset = 0; offset < content.Length; offset++)
            {
                content[offset] ^= 0x40;
                File.WriteAllBytes(file, content);
                AssertFound(file, offset);
                content[offset] ^= 0x40;
                flipped++;
            }

            File.WriteAllBytes(file, content);
        }

        Assert.Empty(Verify());
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{flipped} bytes flipped, each found"));
        Assert.True(flipped > 5000);
    }

    [Fact]
    public void A_file_of_the_store_that_is_gone_is_found()
    {
        foreach (var file in Directory.EnumerateFiles(_scratch["store"], "*", SearchOption.AllDirectories).ToList())
        {
            var isLast = file.Contains("/runs/", StringComparison.Ordinal) || file.Contains("/seals/", StringComparison.Ordinal);
            File.Move(file, _scratch["aside"]);
            // Without its only seal a store has no snapshot: nothing is left to be damaged.
            Assert.True(isLast && file.Contains("/seals/", StringComparison.Ordinal) || Verify().Count > 0, file);
            File.Move(_scratch["aside"], file);
        }
    }

    [Fact]
    public void Segments_are_made_again_from_the_blocks_name_for_name()
    {
        var segments = Directory.GetFiles(_scratch["store/segments"]).Order(StringComparer.Ordinal).ToDictionary(path => path, File.ReadAllBytes);
        foreach (var path in segments.Keys)
        {
            File.Delete(path);
        }

        Assert.NotEmpty(Verify());
        using var store = ArtifactStore.Open(_scratch["store"]);
        var (_, snapshot) = store.Find("latest");
        var rebuild = new GroupRebuild(store.Backend, store.Format);
        rebuild.Add(snapshot);
        foreach (var group in snapshot.Groups)
        {
            rebuild.Render(group, (summary, file) => store.Backend.CreateSealed(ObjectName.Segment(summary.Name), file));
        }

        Assert.Equal(segments, Directory.GetFiles(_scratch["store/segments"]).Order(StringComparer.Ordinal).ToDictionary(path => path, File.ReadAllBytes));
        Assert.Empty(Verify());
    }

    private void AssertFound(string file, int offset)
    {
        var errors = Verify();
        var name = Path.GetRelativePath(_scratch["store"], file);
        var named = errors.FirstOrDefault(error => error.Where is { } where && where.Contains(name, StringComparison.Ordinal) && Offset().IsMatch(where));
        Assert.True(named is not null, $"{name}, offset {offset}: {string.Join('\n', errors)}");
        var reported = long.Parse(Offset().Match(named.Where!).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.True(reported <= offset + 16, $"{name}: damage at {offset} is reported behind it, at {reported}");
    }

    private IReadOnlyList<AslError> Verify()
    {
        try
        {
            using var store = ArtifactStore.Open(_scratch["store"]);
            return new StoreVerifier(store, withData: true).Run(1, CancellationToken.None).Errors;
        }
        catch (AslException exception)
        {
            return [exception.Error];
        }
    }

    [GeneratedRegex(@"offset (\d+)")]
    private static partial Regex Offset();
}
