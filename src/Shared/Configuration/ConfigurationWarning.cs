namespace AslRescue.Shared.Configuration;

/// <summary>Something in the configuration that was not followed, though nothing had to stop for it.</summary>
/// <param name="Where">Where it stands.</param>
/// <param name="Text">What was done instead, and why.</param>
public sealed record ConfigurationWarning(string Where, string Text)
{
    public override string ToString() => $"{Where}: {Text}";
}
