using System.Globalization;
using System.Text;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Restoring;

/// <summary>
/// Gives what was made its owner, attributes, mode and times: in this order, since a change of owner drops capabilities and
/// set-user-id, and all else changes times.
/// </summary>
internal static class EntryMetadata
{
    /// <summary>To an open file or folder.</summary>
    internal static void ApplyTo(int file, Entry entry, byte[] path, RestoreReport report)
    {
        Check(Posix.ChangeOwner(file, entry.User, entry.Group), "its owner cannot be set", path, report);
        foreach (var attribute in entry.Attributes)
        {
            CheckAttribute(Posix.SetAttribute(file, [.. attribute.Name, 0], attribute.Value), attribute, path, report);
        }

        Check(Posix.ChangeMode(file, entry.Permissions), "its mode cannot be set", path, report);
        Check(Posix.SetTimes(file, FileTime.Omit, entry.Modified), "its time cannot be set", path, report);
    }

    /// <summary>To something that is not opened: a link, a fifo, a socket, a device.</summary>
    internal static void ApplyTo(int folder, byte[] name, Entry entry, byte[] path, RestoreReport report)
    {
        Check(Posix.ChangeOwnerAt(folder, name, entry.User, entry.Group), "its owner cannot be set", path, report);
        byte[] procPath = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder}/")), .. name];
        foreach (var attribute in entry.Attributes)
        {
            CheckAttribute(Posix.SetLinkAttribute(procPath, [.. attribute.Name, 0], attribute.Value), attribute, path, report);
        }

        if (entry.Kind != EntryKind.SymbolicLink)
        {
            Check(Posix.ChangeModeAt(folder, name, entry.Permissions), "its mode cannot be set", path, report);
        }

        Check(Posix.SetTimesAt(folder, name, FileTime.Omit, entry.Modified), "its time cannot be set", path, report);
    }

    private static void Check(int result, string what, byte[] path, RestoreReport report)
    {
        if (result < 0)
        {
            report.Add(path, $"{what}: {Errno.Text(result)}");
        }
    }

    private static void CheckAttribute(int result, ExtendedAttribute attribute, byte[] path, RestoreReport report)
    {
        if (result < 0)
        {
            report.Add(path, $"its attribute {Shared.Errors.Printable.Bytes(attribute.Name)} cannot be set: {Errno.Text(result)}");
        }
    }
}
