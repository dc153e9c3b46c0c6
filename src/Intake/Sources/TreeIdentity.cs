using System.Globalization;
using AslRescue.Intake.Imaging;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Sources;

/// <summary>
/// What tells the tree that a run began with from another one under the same path, such as the empty folder that is left where nothing is
/// mounted. Only what outlives a boot is written down, and only what both sides know is compared: docs/store-format.md, Logs.
/// </summary>
/// <remarks>
/// Device numbers are not among it: they change with the order in which disks are found, and btrfs, overlay and ZFS have anonymous ones.
/// </remarks>
internal static class TreeIdentity
{
    private const long Ext = 0xef53;
    private const long Btrfs = 0x9123683e;
    private const long Zfs = 0x2fc12fc1;

    // Inode numbers and birth times of these are made up when they are mounted, or shift with the time zone.
    private static readonly long[] _withoutInodes =
    [
        0x65735546 /* FUSE */, 0x4d44 /* FAT */, 0x2011bab0 /* exFAT */, 0x794c7630 /* overlay */, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB 2 */, 0x01021997 /* 9p */,
    ];

    /// <summary>Of an open source.</summary>
    internal static string Of(int descriptor)
    {
        var type = Posix.FileSystemType(descriptor);
        if (type < 0 || Posix.Stat(descriptor, out var status) < 0)
        {
            return "";
        }

        List<string> facts = [string.Create(CultureInfo.InvariantCulture, $"type {type:x}")];

        // Others make their id of the device number.
        if (type is Ext or Btrfs or Zfs && Posix.FileSystemId(descriptor) is not 0 and var id)
        {
            facts.Add(string.Create(CultureInfo.InvariantCulture, $"id {id:x16}"));
        }

        if (DeviceFacts.FileSystemUuid(status.Device) is { } uuid)
        {
            facts.Add($"uuid {uuid}");
        }

        // A file may be replaced by a newer one, and is read again then; a folder that was replaced is another tree.
        if (status.Kind == FileKind.Directory && !_withoutInodes.Contains(type))
        {
            facts.Add(string.Create(CultureInfo.InvariantCulture, $"inode {status.Inode}"));
            if (status.BirthTime is { } birth)
            {
                facts.Add(string.Create(CultureInfo.InvariantCulture, $"born {birth.Seconds}.{birth.Nanoseconds:D9}"));
            }
        }

        return string.Join(", ", facts);
    }

    /// <summary>Of what a path leads to.</summary>
    /// <exception cref="Shared.Errors.AslException">SourceMissing.</exception>
    internal static string Of(string path)
    {
        var descriptor = SourcePath.Open(path);
        try
        {
            return Of(descriptor);
        }
        finally
        {
            _ = Posix.Close(descriptor);
        }
    }

    /// <summary>Why a tree is another one than a run began with; null when nothing speaks against it.</summary>
    /// <param name="begun">What the journal says; nothing in those of earlier versions.</param>
    /// <param name="now">What is there.</param>
    internal static string? WhyOther(string begun, string now)
    {
        var there = Facts(now);
        return Facts(begun).All(fact => !there.TryGetValue(fact.Key, out var value) || value == fact.Value)
            ? null
            : $"it began with a file system of {begun}; there is one of {now}";
    }

    private static Dictionary<string, string> Facts(string text) =>
        text.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(fact => fact.Split(' ', 2))
            .DistinctBy(fact => fact[0]).ToDictionary(fact => fact[0], fact => fact[^1], StringComparer.Ordinal);
}
