namespace AslRescue.Shared.Errors;

/// <summary>Carries an <see cref="AslError"/> from the code that did the I/O to the edge that shows it. Only edges catch it.</summary>
public sealed class AslException(AslError error, Exception? inner = null) : Exception(error.What, inner)
{
    /// <summary>What to show and which exit code to use.</summary>
    public AslError Error { get; } = error;

    /// <inheritdoc/>
    public override string ToString() => Error + (InnerException is null ? "" : "\n" + InnerException);
}
