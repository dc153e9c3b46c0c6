namespace AslRescue.Testing;

/// <summary>
/// Values that a released format fixes for ever. There is no switch that updates them: one that differs is either a defect, or a new
/// version of the format with its own values beside the old ones.
/// </summary>
public static class Frozen
{
    public static void Is(string expected, string actual) => Assert.True(expected == actual, $"the frozen value is {expected}, this program makes {actual}");
}
