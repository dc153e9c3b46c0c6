namespace AslRescue.Intake.Steps;

/// <summary>
/// How long to wait before a retry: twice as long each time, up to a limit, less a random part of up to half, so that many machines which
/// lost the same endpoint do not come back in step.
/// </summary>
public sealed class RetryPolicy(RetrySettings settings, Random random)
{
    /// <summary>The delay before the retry after so many failures in a row, from 1.</summary>
    public TimeSpan Delay(int failures)
    {
        // Beyond 30 doublings any limit is reached; a larger exponent would only overflow.
        var doubled = settings.Delay.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        var whole = Math.Min(doubled, settings.DelayMax.TotalMilliseconds);
#pragma warning disable CA5394 // jitter is no secret
        return TimeSpan.FromMilliseconds(whole * (1 - (random.NextDouble() / 2)));
#pragma warning restore CA5394
    }

    /// <summary>Why no further retry may begin, or null when one may.</summary>
    /// <param name="failures">In a row, from 1.</param>
    /// <param name="elapsed">Since the first of them.</param>
    /// <param name="delay">That would be waited.</param>
    public string? WhyExhausted(int failures, TimeSpan elapsed, TimeSpan delay)
    {
        if (failures >= settings.AttemptsMax)
        {
            return $"{settings.AttemptsMax} attempts are used up";
        }

        return elapsed + delay > settings.Budget ? $"the time for retries, {settings.Budget}, is used up" : null;
    }
}
