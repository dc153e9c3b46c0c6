using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Serving;

/// <summary>Whether the storage answers, asked at most every other second whoever wants to know, and never for longer than a few seconds.</summary>
/// <param name="storage">The storage.</param>
internal sealed class Readiness(IBackend storage)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();
    private Task<bool>? _asked;
    private long _when;

    /// <summary>False also when there is no answer in time.</summary>
    internal async Task<bool> AskAsync(TimeProvider time)
    {
        try
        {
            return await Ask(time).WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task<bool> Ask(TimeProvider time)
    {
        lock (_lock)
        {
            if (_asked is null || (_asked.IsCompleted && time.GetElapsedTime(_when) > Period))
            {
                (_asked, _when) = (Task.Run(IsReady), time.GetTimestamp());
            }

            return _asked;
        }
    }

    private bool IsReady()
    {
        try
        {
            using var format = storage.Open(ObjectName.Format);
            return format is not null;
        }
        catch (AslException)
        {
            return false;
        }
    }
}
