using System.Globalization;
using System.Text;
using AslRescue.Shared.Interop;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Sources;

/// <summary>Reads all extended attributes of an inode, ACLs and capabilities among them. One for each thread.</summary>
internal sealed class ExtendedAttributes
{
    private const int ListBytesMax = 64 << 10; // XATTR_LIST_MAX
    private const int ValueBytesMax = 64 << 10; // XATTR_SIZE_MAX
    private readonly byte[] _list = new byte[ListBytesMax];
    private readonly byte[] _value = new byte[ValueBytesMax];

    /// <summary>Of an open file.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="errno">0, or why some or all could not be read.</param>
    internal IReadOnlyList<ExtendedAttribute> OfFile(int file, out int errno) =>
        Collect(Posix.ListAttributes(file, _list), name => Posix.GetAttribute(file, name, _value), out errno);

    /// <summary>Of something that must not be opened: a link, a fifo, a device.</summary>
    internal IReadOnlyList<ExtendedAttribute> OfEntry(int folder, ReadOnlySpan<byte> name, out int errno)
    {
        byte[] path = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder}/")), .. name];
        return Collect(Posix.ListLinkAttributes(path, _list), key => Posix.GetLinkAttribute(path, key, _value), out errno);
    }

    private delegate int ReadValue(ReadOnlySpan<byte> name);

    private List<ExtendedAttribute> Collect(int listed, ReadValue readValue, out int errno)
    {
        errno = listed is >= 0 or -Errno.EOPNOTSUPP ? 0 : -listed;
        List<ExtendedAttribute> attributes = [];
        var names = _list.AsSpan(0, Math.Max(listed, 0));
        while (!names.IsEmpty)
        {
            var end = names.IndexOf((byte)0) + 1;
            var length = readValue(names[..end]);
            if (length >= 0)
            {
                attributes.Add(new(names[..(end - 1)].ToArray(), _value[..length]));
            }
            else if (length != -Errno.ENODATA)
            {
                errno = -length;
            }

            names = names[end..];
        }

        attributes.Sort((left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        return attributes;
    }
}
