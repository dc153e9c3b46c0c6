using System.Buffers;
using System.Globalization;
using System.Net;
using Amazon.S3.Model;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Storage;

/// <summary>
/// An object that is read by ranges. They need no condition on its version: an object never changes. A reply that ends early is gone on with from
/// where it broke off, so a bad line slows a long read down and does not start it over.
/// </summary>
internal sealed class S3Object(S3Requests requests, string bucket, string key, string where, long length) : IStoredObject
{
    private const int PieceBytes = 256 << 10;

    public long Length => length;

    public void Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > length - buffer.Length)
        {
            throw PastTheEnd(offset, buffer.Length);
        }

        var attempts = requests.Begin("cannot read an object", At(offset));
        while (!buffer.IsEmpty)
        {
            var done = 0;
            try
            {
                ReadOnce(offset, buffer, ref done);
            }
            catch (Exception exception) when (S3Failure.IsOfTheEngine(exception))
            {
                // Patience is for an engine that gives nothing; one that gave something begins anew.
                attempts = done > 0 ? requests.Begin("cannot read an object", At(offset + done)) : attempts;
                attempts.PauseOrThrow(exception);
            }

            buffer = buffer[done..];
            offset += done;
        }
    }

    public void Dispose()
    {
        // Nothing is kept open between reads.
    }

    /// <summary>One request.</summary>
    /// <param name="offset">Of the first byte.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="done">How many came, also when it throws.</param>
    private void ReadOnce(long offset, Span<byte> buffer, ref int done)
    {
        var range = new ByteRange(offset, offset + buffer.Length - 1);
        using var response = requests.Wait(
            cancel => requests.Client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = range }, cancel), S3Requests.SilenceMax);
        if (!IsOfRange(response, offset, buffer.Length))
        {
            throw new IOException($"the engine was asked for {buffer.Length} bytes from {offset} and answered with {response.ContentRange ?? "something else"}");
        }

        var piece = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, PieceBytes));
        while (done < buffer.Length)
        {
            var wanted = Math.Min(piece.Length, buffer.Length - done);
            var count = requests.Wait(cancel => response.ResponseStream.ReadAsync(piece.AsMemory(0, wanted), cancel).AsTask(), S3Requests.SilenceMax);
            if (count == 0)
            {
                throw new IOException($"the reply ends after {done} of {buffer.Length} bytes");
            }

            piece.AsSpan(0, count).CopyTo(buffer[done..]);
            done += count;
        }

        ArrayPool<byte>.Shared.Return(piece);
    }

    /// <summary>Whether a reply is the part that was asked for; an engine that knows no ranges may be asked for the whole.</summary>
    private bool IsOfRange(GetObjectResponse response, long offset, int count) =>
        response.HttpStatusCode == HttpStatusCode.PartialContent
            ? response.ContentRange is { } range && range.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-{offset + count - 1}/"), StringComparison.Ordinal)
            : offset == 0 && count == length;

    private string At(long offset) => string.Create(CultureInfo.InvariantCulture, $"{where}, offset {offset}");

    private AslException PastTheEnd(long offset, int count) => new(new AslError(ErrorCode.StoreIo, "cannot read an object")
    {
        Where = At(offset),
        Why = $"{count} bytes were asked for, and the object has {length}",
        Fix = "asl-admin verify --data",
    });
}
