using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using AslRescue.Backend.Storage;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>The engine that tests/acceptance/s3_storage.py starts: ASL_S3=1, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY.</summary>
internal static class RealEngine
{
    private static readonly Lazy<string> OneBucket = new(() => MakeBucket(isVersioned: false));

    /// <summary>A prefix of its own in a bucket of this process. Skips the test where there is no engine.</summary>
    internal static S3Options NewStore() => Options(OneBucket.Value) with { Prefix = RandomNumberGenerator.GetHexString(16, lowercase: true) };

    internal static S3Options VersionedBucket() => Options(MakeBucket(isVersioned: true));

    internal static S3Options Options(string bucket)
    {
        Assert.SkipUnless(Variable("ASL_S3") == "1", "needs a real engine, which takes up to a minute to start: tests/acceptance/s3_storage.py");
        return new()
        {
            Endpoint = new(Needed("S3_ENDPOINT")),
            Bucket = bucket,
            AccessKey = Needed("S3_ACCESS_KEY"),
            SecretKey = Needed("S3_SECRET_KEY"),
        };
    }

    private static string MakeBucket(bool isVersioned)
    {
        var options = Options($"asl-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        using var client = new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
        {
            ServiceURL = options.Endpoint.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = options.Region,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        });
        client.PutBucketAsync(new PutBucketRequest { BucketName = options.Bucket }).GetAwaiter().GetResult();
        if (isVersioned)
        {
            client.PutBucketVersioningAsync(new PutBucketVersioningRequest
            {
                BucketName = options.Bucket,
                VersioningConfig = new() { Status = VersionStatus.Enabled },
            }).GetAwaiter().GetResult();
        }

        return options.Bucket;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    private static string Needed(string name) => Variable(name) ?? throw new InvalidOperationException($"ASL_S3=1 needs {name} too");
}
