using System.Buffers.Binary;
using AslRescue.Preflight.Pools.Labels;
using CsCheck;

namespace AslRescue.Preflight.Tests.Pools.Labels;

/// <summary>
/// Bytes of a crashed disk are anything. Whatever they are, reading them ends, soon, in bounded memory and without an exception. CsCheck prints
/// the seed of a failure.
/// </summary>
public sealed class HostileLabelTests
{
    private const int Bytes = 112 * 1024;
    private const long AllocatedMax = 8 << 20;
    private static readonly uint[] Edges = [0, 1, 4, 8, 19, 20, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff, Bytes];

    /// <summary>The fields of a label take less than its first 2 KiB; the rest is zeros.</summary>
    private static readonly Gen<(int Place, uint Value, bool IsWord)[]> Damage =
        Gen.Select(Gen.Int[0, 2047], Gen.Frequency((1, Gen.UInt), (2, Gen.Int[0, Edges.Length - 1].Select(edge => Edges[edge]))), Gen.Bool).Array[1, 12];

    [Theory]
    [InlineData("mirror-0")]
    [InlineData("single")]
    public void A_label_that_is_damaged_anywhere_is_read_to_an_end(string recording)
    {
        using var device = new LabelDevice(recording);
        var whole = device.Configuration(0).ToArray();
        Damage.Sample(
            damage =>
            {
                var bytes = whole.ToArray();
                foreach (var (place, value, isWord) in damage)
                {
                    if (isWord)
                    {
                        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(place & ~3), value);
                    }
                    else
                    {
                        bytes[place] = (byte)value;
                    }
                }

                return Read(bytes).Allocated <= AllocatedMax;
            },
            iter: 3000);
    }

    [Fact]
    public void A_label_that_is_cut_anywhere_is_read_to_an_end()
    {
        using var device = new LabelDevice("mirror-0");
        var whole = device.Configuration(0).ToArray();
        Gen.Int[0, 2048].Sample(
            length =>
            {
                var bytes = new byte[Bytes];
                whole.AsSpan(0, length).CopyTo(bytes);
                return Read(bytes).Allocated <= AllocatedMax;
            },
            iter: 300);
    }

    [Fact]
    public void Random_bytes_are_read_to_an_end() => Gen.Byte.Array[64, 4096].Sample(
        random =>
        {
            var bytes = new byte[Bytes];
            random.CopyTo(bytes, 0);
            bytes[0] = 1;
            return Read(bytes).Copy.State == CopyState.Blank;
        },
        iter: 300);

    [Fact]
    public void A_ring_of_random_bytes_is_read_to_an_end()
    {
        using var device = new LabelDevice("mirror-0");
        var ring = device.Copy(0)[(128 * 1024)..].ToArray();
        var copy = LabelCopy.Read(0, 0, device.Configuration(0));
        Gen.Select(Gen.Int[0, ring.Length - 1], Gen.Byte, Gen.ULong).Array[1, 40].Sample(
            damage =>
            {
                var bytes = ring.ToArray();
                foreach (var (place, value, _) in damage)
                {
                    bytes[place] = value;
                }

                return copy.WithRing(bytes, damage[0].Item3).Uberblocks.Count <= 128 && copy.WithRing(bytes, null).Uberblocks.Count <= 128;
            },
            iter: 300);
    }

    [Fact]
    public void Lists_in_lists_without_end_are_refused()
    {
        // As deep as the bytes allow: each list holds one field, a list that takes the rest.
        var bytes = new byte[Bytes];
        bytes[0] = 1;
        var position = 4 + 8;
        while (position + 64 < Bytes)
        {
            uint[] field = [(uint)(Bytes - position) & ~3u, 1, 0, 19, 1, 0, 0];
            foreach (var word in field)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(position), word);
                position += 4;
            }
        }

        var (copy, allocated) = Read(bytes);
        Assert.Null(copy.Label);
        Assert.True(allocated <= AllocatedMax);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(20)]
    public void A_list_that_claims_four_thousand_million_members_is_refused(int type)
    {
        var bytes = new byte[Bytes];
        bytes[0] = 1;
        uint[] field = [Bytes - 16, 1, 0, (uint)type, uint.MaxValue, uint.MaxValue];
        for (var i = 0; i < field.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12 + (4 * i)), field[i]);
        }

        var (copy, allocated) = Read(bytes);
        Assert.Null(copy.Label);
        Assert.True(allocated <= AllocatedMax);
    }

    private static (LabelCopy Copy, long Allocated) Read(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var copy = LabelCopy.Read(0, 0, bytes);
        return (copy, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
