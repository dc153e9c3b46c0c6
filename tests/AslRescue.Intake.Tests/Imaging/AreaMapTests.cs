using AslRescue.Intake.Imaging;
using CsCheck;

namespace AslRescue.Intake.Tests.Imaging;

public sealed class AreaMapTests
{
    [Fact]
    public void A_map_is_what_an_array_of_bytes_would_be()
    {
        var change = Gen.Select(Gen.Int[-3, 60], Gen.Int[0, 40], Gen.Int[0, 4], Gen.Int[0, 1]);
        change.Array[0, 40].Sample(changes =>
        {
            const int size = 50;
            var (map, truth) = (new AreaMap(size), new (AreaState State, int Errno)[size]);
            foreach (var (start, length, state, errno) in changes)
            {
                map.Set(start, start + length, (AreaState)state, errno);
                for (var index = Math.Max(start, 0); index < Math.Min(start + length, size); index++)
                {
                    truth[index] = ((AreaState)state, errno);
                }
            }

            Assert.Equal(truth, map.Areas.SelectMany(area => Enumerable.Repeat((area.State, area.Errno), (int)area.Length)));
            Assert.All(map.Areas.Zip(map.Areas.Skip(1)), pair => Assert.True(
                pair.First.End == pair.Second.Start && (pair.First.State, pair.First.Errno) != (pair.Second.State, pair.Second.Errno)));
            foreach (var state in Enum.GetValues<AreaState>())
            {
                Assert.Equal(truth.Count(item => item.State == state), map.Bytes(state));
                for (var position = 0; position <= size; position++)
                {
                    Assert.Equal(FirstFrom(truth, position, state), map.Next(state, position)?.Start);
                    Assert.Equal(LastBefore(truth, position, state), map.Previous(state, position)?.End - 1);
                }
            }
        });
    }

    [Fact]
    public void What_lies_within_a_range_is_clipped_to_it()
    {
        var map = new AreaMap(100);
        map.Set(20, 40, AreaState.Bad, 5);
        Assert.Equal([new Area(10, 20, AreaState.Untried, 0), new(20, 30, AreaState.Bad, 5)], map.Within(10, 30));
        Assert.Empty(map.Within(100, 200));
    }

    private static long? FirstFrom((AreaState State, int Errno)[] truth, int position, AreaState state)
    {
        var index = Array.FindIndex(truth, position, item => item.State == state);
        return index < 0 ? null : index;
    }

    private static long? LastBefore((AreaState State, int Errno)[] truth, int position, AreaState state)
    {
        var index = position == 0 ? -1 : Array.FindLastIndex(truth, position - 1, item => item.State == state);
        return index < 0 ? null : index;
    }
}
