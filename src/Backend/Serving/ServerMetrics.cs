using Prometheus;

namespace AslRescue.Backend.Serving;

/// <summary>What the server counts, in Prometheus' text format.</summary>
internal sealed class ServerMetrics
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly Counter _requests;
    private readonly Counter _received;
    private readonly Histogram _seconds;
    private readonly Gauge _bodies;

    internal ServerMetrics(Func<double> bodyBytes)
    {
        var factory = Metrics.WithCustomRegistry(_registry);
        _requests = factory.CreateCounter("asl_requests_total", "Requests, by method, first part of the path and status.", "method", "what", "status");
        _received = factory.CreateCounter("asl_received_bytes_total", "Bytes of objects that were created.", "what");
        _seconds = factory.CreateHistogram("asl_request_seconds", "Time from the head of a request to the end of its answer.", new HistogramConfiguration
        {
            LabelNames = ["method", "what"],
            Buckets = Histogram.ExponentialBuckets(0.001, 4, 9),
        });
        _bodies = factory.CreateGauge("asl_body_memory_bytes", "Memory that bodies take now.");
        _registry.AddBeforeCollectCallback(() => _bodies.Set(bodyBytes()));
    }

    /// <summary>Counts a request that was answered.</summary>
    internal void Count(string method, string what, int status, TimeSpan took, long created)
    {
        _requests.WithLabels(method, what, status.ToString(System.Globalization.CultureInfo.InvariantCulture)).Inc();
        _seconds.WithLabels(method, what).Observe(took.TotalSeconds);
        if (created > 0)
        {
            _received.WithLabels(what).Inc(created);
        }
    }

    /// <summary>Writes all of it.</summary>
    internal Task WriteAsync(Stream target, CancellationToken cancellationToken) => _registry.CollectAndExportAsTextAsync(target, cancellationToken);
}
