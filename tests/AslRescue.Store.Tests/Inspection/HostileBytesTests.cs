using AslRescue.Store.Inspection;
using AslRescue.Testing;
using CsCheck;

namespace AslRescue.Store.Tests.Inspection;

/// <summary>Whatever the bytes are, an inspector says something and goes on. A failure prints the seed.</summary>
public sealed class HostileBytesTests
{
    private static readonly byte[][] Objects = [.. SmallStore.Create(2) is var store ? store.Paths.Select(path => store[path]) : []];

    /// <summary>An object with some of its bytes changed, parts taken out, doubled or moved, or of another object.</summary>
    private static readonly Gen<byte[]> Mutated =
        Gen.Select(Gen.Int[0, Objects.Length - 1], Gen.Select(Gen.Int[0, 5], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Byte).Array[0, 6]).Select((which, changes) =>
            changes.Aggregate(Objects[which], (bytes, change) => Mutate(bytes, change.Item1, change.Item2, change.Item3, change.Item4)));

    [Fact]
    public void Every_view_of_mutated_objects_comes_to_its_end() => Mutated.Sample(Look, iter: 3000);

    [Fact]
    public void Every_view_of_random_bytes_comes_to_its_end() => Gen.Byte.Array[0, 300].Sample(Look, iter: 1000);

    private static void Look(byte[] bytes)
    {
        using var file = Inspected.Nameless(bytes);
        var block = new InspectedBlock(file);
        using (var check = new FrameCheck(file, block.Shift))
        {
            foreach (var frame in block.Frames().Concat(block.FoundFrames()))
            {
                _ = check.Run(frame, isDeep: true);
            }
        }

        _ = new InspectedSegment(file).Survey();
        foreach (var field in new InspectedSnapshot(file).Fields)
        {
            Assert.True(CborText.Of(field.Value, 100).Length <= 101);
        }

        _ = InspectedLog.Journal().Read(file).Count() + InspectedLog.Seals().Read(file).Count();
        foreach (var guess in Enum.GetValues<ObjectGuess>())
        {
            var start = FirstDamage.Of(file, guess);
            Assert.InRange(start, 0, bytes.Length);
            Assert.All(FieldMap.Of(file, guess, start, bytes.Length), field => Assert.True(field.Length > 0));
        }
    }

    private static byte[] Mutate(byte[] bytes, int how, int at, int other, byte value)
    {
        if (bytes.Length == 0)
        {
            return [value];
        }

        var (from, to) = (Math.Min(at % bytes.Length, other % bytes.Length), Math.Max(at % bytes.Length, other % bytes.Length));
        return how switch
        {
            0 => [.. bytes[..from], value, .. bytes[(from + 1)..]],
            1 => bytes[..to],
            2 => [.. bytes[..from], .. bytes[to..]],
            3 => [.. bytes[..to], .. bytes[from..]],
            4 => [.. bytes[..from], .. BitConverter.GetBytes(value switch { < 64 => -1L, < 128 => int.MaxValue, < 192 => long.MaxValue, _ => value }), .. bytes[from..]],
            _ => [.. bytes[..from], .. Objects[value % Objects.Length], .. bytes[to..]],
        };
    }
}
