namespace AslRescue.Store.Backends.Http;

/// <summary>
/// A failure that may pass: the request is sent again. It never leaves the client; when the budget is used up, an AslException that
/// IsPermanent says no of takes its place.
/// </summary>
#pragma warning disable CA1064 // It never leaves this folder.
internal sealed class RemoteFault(string why, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(why, inner)
{
    /// <summary>How long the server asked to be left alone.</summary>
    internal TimeSpan? RetryAfter { get; } = retryAfter;
}
#pragma warning restore CA1064
