namespace AslRescue.Backend.Objects;

/// <summary>
/// So many units of something, and who waits for some: first come, first served, but no client takes more than half while it has anything there.
/// </summary>
/// <param name="unitsMax">All of them.</param>
/// <param name="patience">So long one waits.</param>
internal sealed class Room(int unitsMax, TimeSpan patience)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _line = new();
    private readonly Dictionary<string, int> _byClient = new(StringComparer.Ordinal);
    private int _used;

    /// <summary>Units that are taken.</summary>
    internal int Used => Volatile.Read(ref _used);

    /// <summary>Units for a client until they are disposed; null when there were none in time.</summary>
    internal async Task<IDisposable?> TakeAsync(string client, int units, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(client, Math.Min(units, unitsMax), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            _line.AddLast(waiting);
            LetIn_NeedsLock();
        }

        try
        {
            await waiting.Ready.Task.WaitAsync(patience, cancellationToken);
            return new Taken(this, waiting);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            var wasLetIn = !waiting.Ready.TrySetCanceled(CancellationToken.None);
            GiveBack(client, wasLetIn ? waiting.Units : 0); // At the last moment; or those behind it have waited only for this one.

            if (failure is OperationCanceledException)
            {
                throw;
            }

            return null;
        }
    }

    private void GiveBack(string client, int units)
    {
        lock (_lock)
        {
            Count_NeedsLock(client, -units);
            LetIn_NeedsLock();
        }
    }

    private void LetIn_NeedsLock()
    {
        for (var node = _line.First; node is not null;)
        {
            var (next, first) = (node.Next, node.Value);
            if (first.Ready.Task.IsCompleted)
            {
                _line.Remove(node);
            }
            else if (IsWithinHalf_NeedsLock(first))
            {
                if (_used + first.Units > unitsMax)
                {
                    return; // Whoever needs less and came later waits too, or it would never be its turn.
                }

                _line.Remove(node);
                if (first.Ready.TrySetResult())
                {
                    Count_NeedsLock(first.Client, first.Units);
                }
            }

            node = next;
        }
    }

    /// <summary>One body each may have, whatever its length.</summary>
    private bool IsWithinHalf_NeedsLock(Waiting waiting) =>
        _byClient.GetValueOrDefault(waiting.Client) is var held && (held == 0 || held + waiting.Units <= unitsMax / 2);

    private void Count_NeedsLock(string client, int units)
    {
        _used += units;
        if ((_byClient[client] = _byClient.GetValueOrDefault(client) + units) == 0)
        {
            _byClient.Remove(client);
        }
    }

    private sealed record Waiting(string Client, int Units, TaskCompletionSource Ready);

    private sealed class Taken(Room room, Waiting taken) : IDisposable
    {
        private int _isGiven;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGiven, 1) == 0)
            {
                room.GiveBack(taken.Client, taken.Units);
            }
        }
    }
}
