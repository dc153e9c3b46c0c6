using System.Numerics;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Decisions;

/// <summary>Arithmetic on cubes: sets of worlds given by one mask of values for each input.</summary>
internal static class Cube
{
    /// <summary>The worlds in both, or null when there are none.</summary>
    public static uint[]? Intersect(IReadOnlyList<uint> a, IReadOnlyList<uint> b)
    {
        var both = new uint[a.Count];
        for (var i = 0; i < both.Length; i++)
        {
            both[i] = a[i] & b[i];
            if (both[i] == 0)
            {
                return null;
            }
        }

        return both;
    }

    public static bool Meets(IReadOnlyList<uint> a, IReadOnlyList<uint> b)
    {
        for (var i = 0; i < a.Count; i++)
        {
            if ((a[i] & b[i]) == 0)
            {
                return false;
            }
        }

        return true;
    }

    public static bool Contains(IReadOnlyList<uint> outer, IReadOnlyList<uint> inner) =>
        Enumerable.Range(0, outer.Count).All(i => (inner[i] & ~outer[i]) == 0);

    /// <summary>The same cube with one cell replaced.</summary>
    public static uint[] With(IReadOnlyList<uint> cube, int input, uint cell)
    {
        var changed = cube.ToArray();
        changed[input] = cell;
        return changed;
    }

    /// <summary>The worlds of a cube that are not in the hole, as cubes that do not meet.</summary>
    public static IEnumerable<uint[]> Subtract(uint[] cube, IReadOnlyList<uint> hole)
    {
        if (!Meets(cube, hole))
        {
            yield return cube;
            yield break;
        }

        for (var i = 0; i < cube.Length; i++)
        {
            var outside = cube[i] & ~hole[i];
            if (outside != 0)
            {
                yield return With(cube, i, outside);
                cube = With(cube, i, cube[i] & hole[i]);
            }
        }
    }

    /// <summary>The values whose bits are set.</summary>
    public static IEnumerable<string> Values(FactDefinition input, uint cell) =>
        input.Values.Where((_, i) => (cell & (1u << i)) != 0);

    /// <summary>How many inputs a cube says anything about.</summary>
    public static int Constrained(RuleTable table, IReadOnlyList<uint> cube) =>
        Enumerable.Range(0, cube.Count).Count(i => cube[i] != RuleTable.AnyOf(table.Inputs[i]));

    /// <summary>The lowest value of a cell, as a cell.</summary>
    public static uint First(uint cell) => 1u << BitOperations.TrailingZeroCount(cell);
}
