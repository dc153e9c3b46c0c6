using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;
using AslRescue.Store;

namespace AslRescue.Intake.Steps;

/// <summary>A directory as the backend: nothing is imported and nothing is mounted. It must be there, and take writes.</summary>
public sealed class DirectoryAttach : IAttachStep
{
    /// <inheritdoc/>
    public Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var directory = context.Request.Directory ?? throw new InvalidOperationException("the request names no directory");
        var descriptor = Posix.OpenAt(Posix.WorkingDirectory, Encoding.UTF8.GetBytes(directory), OpenFlags.ReadOnly | OpenFlags.Directory);
        if (descriptor < 0)
        {
            throw Unusable(directory, Errno.Text(descriptor));
        }

        using var handle = Posix.Own(descriptor);
        CheckWritable(directory);
        return Task.FromResult(new AttachedBackend
        {
            Kind = context.Request.Kind,
            Location = directory,
            FileSystem = string.Create(CultureInfo.InvariantCulture, $"0x{Posix.FileSystemType(descriptor):x}"),
        });
    }

    /// <inheritdoc/>
    public Task DetachAsync(AttachContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Permissions alone do not tell: a read-only mount refuses root too.</summary>
    private static void CheckWritable(string directory)
    {
        try
        {
            using var probe = new FileStream(Path.Combine(directory, $"{ArtifactStore.ProbePrefix}{Guid.NewGuid():n}.unsealed"), new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.DeleteOnClose,
            });
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unusable(directory, failure.Message);
        }
    }

    private static AslException Unusable(string directory, string why) =>
        new(new AslError(ErrorCode.AttachFailed, "the backend's directory cannot be used")
        {
            Where = directory,
            Why = why,
            Fix = "mount or create it (mkdir), or set local.mount to another one",
            IsPermanent = false,
        });
}
