using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.Backend.Pages;

/// <summary>Hears of bytes that are sent as zeros because nobody has them: where they start, how many, why.</summary>
internal delegate void MissingBytes(long start, long length, string why);

/// <summary>Sends the bytes of files in order; holes and bad ranges as zeros. Holds one artifact at a time. One for each thread.</summary>
internal sealed class ContentSender(OpenedSnapshot opened, Stream target, CancellationToken cancellationToken)
{
    private static readonly byte[] Zeros = new byte[256 << 10];
    private byte[] _buffer = new byte[1 << 20];

    /// <summary>Sends exactly <see cref="Entry.Size"/> bytes.</summary>
    /// <param name="entry">A file or an image.</param>
    /// <param name="missing">Told of what is missing. Null: what the store has lost is an error, and bad ranges are known already.</param>
    /// <exception cref="AslException">An artifact cannot be read.</exception>
    internal async Task SendAsync(Entry entry, MissingBytes? missing)
    {
        var sent = 0L;
        using var items = opened.Tree.Leaves(entry.Content).GetEnumerator();
        while (TryNext(items, entry, sent, missing))
        {
            var item = items.Current;
            var bytes = item.Kind == ContentKind.Artifact ? TryRead(item, sent, missing) : default;
            if (item.Kind == ContentKind.BadRange)
            {
                missing?.Invoke(sent, item.Length, Words.BadRange(item.Detail));
            }

            if (bytes.IsEmpty)
            {
                await SendZerosAsync(item.Length);
            }
            else
            {
                await target.WriteAsync(bytes, cancellationToken);
            }

            sent += item.Length;
        }

        await SendZerosAsync(entry.Size - sent);
    }

    internal async Task SendZerosAsync(long length)
    {
        for (; length > 0; length -= Math.Min(length, Zeros.Length))
        {
            await target.WriteAsync(Zeros.AsMemory(0, (int)Math.Min(length, Zeros.Length)), cancellationToken);
        }
    }

    /// <summary>Whether an error says that the store has lost something, which no trying again brings back.</summary>
    internal static bool IsLoss(AslException failure) =>
        failure.Error.Code == ErrorCode.ArtifactMissing || ExitCodes.For(failure.Error.Code) == ExitCodes.StoreDamaged;

    private static bool TryNext(IEnumerator<ContentItem> items, Entry entry, long sent, MissingBytes? missing)
    {
        try
        {
            return items.MoveNext();
        }
        catch (AslException failure) when (missing is not null && IsLoss(failure))
        {
            missing(sent, entry.Size - sent, $"the store is damaged: {failure.Error.What}");
            return false;
        }
    }

    private ReadOnlyMemory<byte> TryRead(ContentItem item, long sent, MissingBytes? missing)
    {
        if (_buffer.Length < item.Length)
        {
            _buffer = new byte[Store.Format.StoreFormat.ArtifactBytesMax];
        }

        try
        {
            opened.Artifacts.Read(item.Key, _buffer.AsSpan(0, (int)item.Length));
            return _buffer.AsMemory(0, (int)item.Length);
        }
        catch (AslException failure) when (missing is not null && IsLoss(failure))
        {
            missing(sent, item.Length, $"the store is damaged: {failure.Error.What}");
            return default;
        }
    }
}
