using System.Net;

namespace AslRescue.Store.Backends.Http;

/// <summary>Bytes that somebody holds in place while a request is sent, without a copy. For synchronous requests only.</summary>
internal sealed unsafe class SpanContent(byte* start, int length, Throttle throttle, Action moved) : HttpContent
{
    private const int SliceBytes = 128 << 10;

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < length; sent += SliceBytes)
        {
            var slice = new ReadOnlySpan<byte>(start + sent, Math.Min(SliceBytes, length - sent));
            throttle.Take(slice.Length, cancellationToken);
            stream.Write(slice);
            moved();
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        throw new NotSupportedException("the bytes are held in place for a synchronous request only");

    protected override bool TryComputeLength(out long bytes)
    {
        bytes = length;
        return true;
    }
}
