using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Storage;

/// <summary>
/// Tries an engine before a store is trusted to it. Nothing is removed afterwards: one object of a few bytes stays at probe/create, where the next
/// probe finds it; the others are refused by any engine that will do.
/// </summary>
internal sealed class S3Probe(S3Backend backend, S3Options options, S3Requests requests)
{
    private const string TakenPath = "probe/create";

    internal void Run()
    {
        RequireNoVersions();
        RequireCreateOnce();
        RequireMetadata();
        RequireRanges();
        RequireListing();
        RequireSignedBody();
    }

    /// <summary>In a bucket that keeps versions Ceph's gateway lets every conditional PUT through, and a suspended one still has versions.</summary>
    private void RequireNoVersions()
    {
        var status = Versioning();
        if (!string.IsNullOrEmpty(status) && status != VersionStatus.Off)
        {
            throw Unfit($"the bucket keeps versions of objects ({status})",
                "engines do not enforce If-None-Match there, so an object could be replaced",
                "name a bucket that never had versioning switched on; it cannot be taken back");
        }
    }

    private string? Versioning()
    {
        try
        {
            return requests.Run("cannot read whether the bucket keeps versions", backend.Location, async cancel =>
                (await requests.Client.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = options.Bucket }, cancel)).VersioningConfig?.Status?.Value);
        }
        catch (AslException failure) when (failure.InnerException is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.NotImplemented })
        {
            return null; // An engine that knows no versions keeps none.
        }
    }

    private void RequireCreateOnce()
    {
        // Bytes that no other probe writes: whoever reads them back knows that it was this one that replaced the object.
        TryPut(TakenPath, RandomNumberGenerator.GetBytes(32));
        var before = Read(TakenPath);
        var replaced = TryPut(TakenPath, RandomNumberGenerator.GetBytes(33));
        if (replaced || before is null || !before.AsSpan().SequenceEqual(Read(TakenPath)))
        {
            throw Unfit("the engine has no conditional PUT",
                $"a PUT with If-None-Match: * on {TakenPath}, which exists, {(replaced ? "was carried out" : "changed what is there")}",
                "use an engine that answers 412 to it, such as Ceph's gateway, or keep the store in a directory");
        }
    }

    private void RequireMetadata()
    {
        if (backend.Head(TakenPath) is not { Digest: not null, Writer: not null })
        {
            throw Unfit("the engine drops metadata of objects", $"{TakenPath} was stored with x-amz-meta-{S3Backend.DigestKey} and has none",
                "let x-amz-meta headers pass in both directions, where a proxy lies between; else use another engine");
        }
    }

    private void RequireRanges()
    {
        var whole = Read(TakenPath)!;
        var part = new byte[5];
        using var file = backend.OpenPath(TakenPath)!;
        file.Read(7, part);
        if (!whole.AsSpan(7, part.Length).SequenceEqual(part))
        {
            throw Unfit("the engine has no ranged GET", "bytes 7 to 11 were asked for, and others came", "use another engine");
        }
    }

    private void RequireListing()
    {
        if (!backend.List("probe").Any(item => item is { Name: "create", IsFolder: false }))
        {
            throw Unfit("the engine's listings are not complete", $"{TakenPath} exists and is not listed", "use an engine whose listings show what was stored before");
        }
    }

    /// <summary>That a block is whole once it is acknowledged rests on this: <see cref="S3Backend.ReadsBack"/>.</summary>
    private void RequireSignedBody()
    {
        var path = $"probe/damaged-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        if (IsRefused(path) && backend.Head(path) is null)
        {
            return;
        }

        throw Unfit("the engine does not check what it stores", $"{path} was stored, whose bytes do not have the digest that was signed for them",
            "use an engine that checks x-amz-content-sha256");
    }

    private bool IsRefused(string path)
    {
        try
        {
            var body = "whole"u8.ToArray();
            requests.Wait(cancel => requests.Client.PutObjectAsync(backend.Put(path, new AlteredBody(body), Digest.Of(body), "probe"), cancel), S3Requests.SilenceMax);
            return false;
        }
        catch (AmazonS3Exception refused) when (refused.ErrorCode is "XAmzContentSHA256Mismatch" or "BadDigest" or "InvalidDigest" || refused.StatusCode == System.Net.HttpStatusCode.BadRequest)
        {
            return true;
        }
        catch (Exception exception) when (S3Failure.IsOfTheEngine(exception))
        {
            throw S3Failure.Of("cannot try the engine", $"{backend.Location}/{path}", exception);
        }
    }

    private bool TryPut(string path, byte[] content)
    {
        try
        {
            return backend.TryPut(path, content, Digest.Of(content));
        }
        catch (AslException failure) when (failure.InnerException is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.NotImplemented })
        {
            throw Unfit("the engine has no conditional PUT", failure.Error.Why ?? "", "use an engine that has it, such as Ceph's gateway, or keep the store in a directory");
        }
    }

    private byte[]? Read(string path)
    {
        using var file = backend.OpenPath(path);
        if (file is null)
        {
            return null;
        }

        var content = new byte[Math.Min(file.Length, 64)];
        file.Read(0, content);
        return content;
    }

    private AslException Unfit(string what, string why, string fix) => new(new AslError(ErrorCode.StorageUnfit, what)
    {
        Where = backend.Location,
        Why = why,
        Fix = fix,
    });
}
