using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Storage;

/// <summary>
/// The SDK's client, which hashes each body itself before it signs. Here that digest is held against the one that was taken of the bytes when they were
/// handed over, so that the signed digest, the one beside the object and the caller's bytes are one, or nothing is sent.
/// </summary>
internal sealed class S3Client(AWSCredentials credentials, AmazonS3Config config) : AmazonS3Client(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Signer>(new SignedDigestCheck());
    }

    private sealed class SignedDigestCheck : PipelineHandler
    {
        private const string SignedHeader = "X-Amz-Content-SHA256";
        private const string StoredHeader = "x-amz-meta-" + S3Backend.DigestKey;

        public override void InvokeSync(IExecutionContext executionContext)
        {
            Check(executionContext);
            base.InvokeSync(executionContext);
        }

        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            Check(executionContext);
            return base.InvokeAsync<T>(executionContext);
        }

        private static void Check(IExecutionContext context)
        {
            var headers = context.RequestContext.Request.Headers;
            if (headers.TryGetValue(StoredHeader, out var stored) && headers[SignedHeader] != stored)
            {
                throw new AslException(new AslError(ErrorCode.StoreIo, "cannot create an object")
                {
                    Where = context.RequestContext.Request.ResourcePath,
                    Why = $"its bytes hash to {headers[SignedHeader]} where they are sent, and hashed to {stored} when they were handed over: this machine's memory is damaged",
                    Fix = "test the memory of the server (memtest86+) before anything else is stored by it; nothing was sent",
                    IsPermanent = false,
                });
            }
        }
    }
}
