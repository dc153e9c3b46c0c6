using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;

namespace AslRescue.Backend.Storage;

/// <summary>
/// A store in a bucket of an S3 engine. An object is one PUT with <c>If-None-Match: *</c>, which the engine carries out for exactly one of those
/// that race for a name, and with the signed SHA-256 of its bytes, so that the engine refuses what was altered on the way. There is no state
/// besides the bucket: any number of servers work over one.
/// </summary>
/// <remarks>
/// <para>
/// Who created what. A PUT whose reply was lost is repeated, and then meets its own object: 412 alone says nothing. Requests are repeated here, in
/// the SDK, and perhaps by a proxy between. Therefore each call of <see cref="TryCreate"/> draws a number and puts it beside the bytes as
/// metadata, the same in every repetition; after any 412 the object that is there is asked for it. If it is this call's, this call
/// created the object, whichever of its requests it was; if it is another one, or none, somebody else did, and nothing was written. The digest of the
/// bytes would not do: two writers of equal bytes would both be told that they were the one that created the object. A PUT that is still
/// on its way when its call has failed may land later; it carries the same bytes and the same condition, so the name is free or holds the whole object.
/// </para>
/// <para>
/// Rejected: multipart uploads (the condition is ignored on completing one), checksums in trailers (refused or ignored), <c>ETag</c> as a digest (it is
/// MD5, or nothing of the kind). Invariant: no request of this class replaces or removes an object.
/// </para>
/// </remarks>
public sealed class S3Backend : IBackend
{
    internal const string DigestKey = "sha256";
    internal const string WriterKey = "writer";

    /// <summary>How long a bucket that was seen is taken to be there still.</summary>
    private static readonly TimeSpan BucketSeenFor = TimeSpan.FromSeconds(10);

    private readonly S3Options _options;
    private readonly S3Requests _requests;
    private readonly TimeProvider _time;
    private readonly LeaseObjects _leases;
    private long _bucketSeen;

    /// <summary>Sends nothing yet: see <see cref="Probe"/>.</summary>
    /// <param name="options">Which bucket.</param>
    /// <param name="time">For pauses and leases; null: the system's.</param>
    public S3Backend(S3Options options, TimeProvider? time = null)
    {
        (_options, _time) = (options, time ?? TimeProvider.System);
        _requests = new(options, _time);
        _leases = new(this, _time);
        _bucketSeen = _time.GetTimestamp() - (long)(BucketSeenFor.TotalSeconds * 2 * _time.TimestampFrequency);
    }

    /// <inheritdoc/>
    public string Location => _options.Location;

    /// <summary>
    /// True: the engine hashes what it received and refuses it when that is not the digest that was signed (<see cref="Probe"/> tries
    /// it), and acknowledges what its own medium holds under checksums of its own. Reading it back would ask the engine whether it believes itself.
    /// </summary>
    public bool ReadsBack => true;

    /// <inheritdoc/>
    public int CreatesAtOnce => 4;

    /// <summary>Items asked for in one page of a listing; engines give at most 1000.</summary>
    internal int PageItems { get; init; } = 1000;

    /// <summary>
    /// Tries what the store rests on and what engines lack: conditional PUT, refusal of damaged bodies, metadata, ranges, a bucket
    /// without versions. Some ten requests; may be called again at any time, by any number of servers at once.
    /// </summary>
    /// <exception cref="AslException">StorageUnfit: the engine or the bucket will not do. StoreIo: it cannot be told now.</exception>
    public void Probe() => new S3Probe(this, _options, _requests).Run();

    /// <inheritdoc/>
    public bool TryCreate(ObjectName name, ReadOnlySpan<byte> content) => TryPut(name.Path, content.ToArray(), Digest.Of(content));

    /// <inheritdoc/>
    public IStoredObject? Open(ObjectName name, bool pastCache = false) => OpenPath(name.Path);

    /// <summary>Compares by the digest that was stored beside the object; reads it where there is none, as when another program copied it.</summary>
    public bool Holds(ObjectName name, ReadOnlySpan<byte> content)
    {
        if (Head(name.Path) is not { } head || head.Length != content.Length)
        {
            return false;
        }

        return head.Digest is { } stored
            ? stored == Digest.Of(content)
            : content.SequenceEqual(this.ReadAll(name));
    }

    /// <inheritdoc/>
    public IEnumerable<FolderItem> List(string folder)
    {
        var prefix = _options.KeyOf(folder.Length == 0 ? "" : folder + "/");
        var items = new List<FolderItem>();
        string? next = null;
        do
        {
            var page = ListPage(folder, prefix, next);
            items.AddRange((page.CommonPrefixes ?? []).Select(path => new FolderItem(path[prefix.Length..].TrimEnd('/'), IsFolder: true, 0)));

            // Tools that show buckets as folders leave an empty object where the name of a folder ends.
            items.AddRange((page.S3Objects ?? []).Where(item => item.Key.Length > prefix.Length)
                .Select(item => new FolderItem(item.Key[prefix.Length..], IsFolder: false, item.Size ?? 0)));
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
        return items;
    }

    /// <summary>Objects of the store stand for the lease: <see cref="LeaseObjects"/>. It ends within two minutes of the process.</summary>
    public IDisposable? TryLease(string domain, string run) => RenewedLease.TryTake(_leases, domain, run, _time);

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    /// <summary>Creates an object from a copy of the caller's bytes: the SDK may read it for a moment longer than its call lasts.</summary>
    /// <param name="path">Below the store.</param>
    /// <param name="body">The copy.</param>
    /// <param name="digest">Of the bytes that were copied; a copy that differs is not sent.</param>
    internal bool TryPut(string path, byte[] body, Digest digest)
    {
        var writer = RandomNumberGenerator.GetHexString(32, lowercase: true);
        return _requests.Run("cannot create an object", Where(path), async cancel =>
        {
            try
            {
                await _requests.Client.PutObjectAsync(Put(path, new MemoryStream(body, writable: false), digest, writer), cancel);
                return true;
            }
            catch (AmazonS3Exception refused) when (refused.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                // Where nothing is to be seen at a taken name, nobody knows whose it is: not an answer, but a failure that may pass.
                if (await HeadAsync(path, cancel) is { } head)
                {
                    return head.Writer == writer;
                }

                throw;
            }
        }, body.Length);
    }

    internal IStoredObject? OpenPath(string path) =>
        Head(path) is { } head ? new S3Object(_requests, _options.Bucket, _options.KeyOf(path), Where(path), head.Length) : null;

    internal S3Head? Head(string path) => _requests.Run("cannot open an object", Where(path), cancel => HeadAsync(path, cancel));

    internal PutObjectRequest Put(string path, MemoryStream body, Digest digest, string writer)
    {
        var request = new PutObjectRequest
        {
            BucketName = _options.Bucket,
            Key = _options.KeyOf(path),
            InputStream = body,
            ContentType = "application/octet-stream",
            IfNoneMatch = "*",
            UseChunkEncoding = false,
            DisablePayloadSigning = false,
        };
        request.Metadata[DigestKey] = digest.ToString();
        request.Metadata[WriterKey] = writer;
        return request;
    }

    /// <summary>What is known of an object without reading it; null when there is none.</summary>
    private async Task<S3Head?> HeadAsync(string path, CancellationToken cancel)
    {
        try
        {
            var found = await _requests.Client.GetObjectMetadataAsync(
                new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = _options.KeyOf(path) }, cancel);
            return new(found.ContentLength, Digest.TryParse(found.Metadata[DigestKey], out var digest) ? digest : null, found.Metadata[WriterKey]);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            await SeeBucketAsync(cancel);
            return null;
        }
    }

    /// <summary>
    /// The reply to HEAD has no body that says what is missing. A bucket that is gone must not look like a store in which nothing is, so
    /// where an object is missing the bucket is looked for, once in a while.
    /// </summary>
    private async Task SeeBucketAsync(CancellationToken cancel)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _bucketSeen)) < BucketSeenFor)
        {
            return;
        }

        await _requests.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _options.KeyOf(""), MaxKeys = 1 }, cancel);
        Volatile.Write(ref _bucketSeen, _time.GetTimestamp());
    }

    private ListObjectsV2Response ListPage(string folder, string prefix, string? next) =>
        _requests.Run("cannot list a folder of the store", Where(folder), async cancel =>
        {
            var page = await _requests.Client.ListObjectsV2Async(new ListObjectsV2Request
            {
                BucketName = _options.Bucket,
                Prefix = prefix,
                Delimiter = "/",
                MaxKeys = PageItems,
                ContinuationToken = next,
            }, cancel);

            // A part of a folder must not pass for the whole.
            return page.IsTruncated == true && string.IsNullOrEmpty(page.NextContinuationToken)
                ? throw new IOException("the engine gives a part of a listing and not how to go on")
                : page;
        });

    private string Where(string path) => $"{Location}/{path}";
}

/// <summary>What an engine says of an object.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Digest">Of its bytes, if whoever created it said so.</param>
/// <param name="Writer">Which call created it, likewise.</param>
internal sealed record S3Head(long Length, Digest? Digest, string? Writer);
