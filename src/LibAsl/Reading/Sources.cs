using System.Text;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.Store.Snapshots;

namespace AslRescue.LibAsl.Reading;

/// <summary>The sources of a snapshot, in the words of asl.h.</summary>
internal static class Sources
{
    internal static unsafe SourceInfo Describe(SnapshotSource source)
    {
        var image = source.Image;
        var info = new SourceInfo
        {
            Kind = (int)(source.Kind == SnapshotSource.ImageKind ? SourceKind.Image : SourceKind.Tree),
            DeviceMajor = source.Device.Major,
            DeviceMinor = source.Device.Minor,
            FileSystem = source.FileSystemType,
            Flags = (uint)((image is { IsReadOnly: true } ? SourceFlags.ReadOnly : 0) | (image is { WasWritten: true } ? SourceFlags.Written : 0)),
            LogicalSector = (uint)(image?.LogicalSector ?? 0),
            PhysicalSector = (uint)(image?.PhysicalSector ?? 0),
            Size = (ulong)(image?.Size ?? 0),
            Start = (ulong)(image?.Start ?? 0),
        };
        Results.Field(Encoding.ASCII.GetBytes(image?.Sha256?.ToString() ?? ""), new Span<byte>(info.Sha256, 72));
        Results.Field(Encoding.ASCII.GetBytes(source.Parent?.ToString() ?? ""), new Span<byte>(info.Parent, 72));
        return info;
    }

    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid: there is no such text.</exception>
    internal static byte[] Text(SnapshotSource source, SourceText which) => which switch
    {
        SourceText.Path => source.Path,
        SourceText.Model => Encoding.UTF8.GetBytes(source.Image?.Model ?? ""),
        SourceText.Serial => Encoding.UTF8.GetBytes(source.Image?.Serial ?? ""),
        SourceText.WorldWideName => Encoding.UTF8.GetBytes(source.Image?.WorldWideName ?? ""),
        _ => throw LibraryErrors.Argument("which", "a source has no such text"),
    };
}
