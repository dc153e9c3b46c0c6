using System.Formats.Cbor;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;

namespace AslRescue.Store.Trees;

/// <summary>
/// What tells the next run that an entry did not change. Not below the root: copies of a tree differ in it (docs/store-format.md).
/// </summary>
/// <param name="Inode">Number on its file system.</param>
/// <param name="Changed">ctime.</param>
/// <param name="Born">Birth time; null where the file system has none.</param>
/// <param name="Children">Items of the child's side table; null except for directories.</param>
public readonly record struct SideRecord(ulong Inode, FileTime Changed, FileTime? Born, IReadOnlyList<ContentItem>? Children)
{
    public void Write(CborWriter writer)
    {
        writer.WriteStartArray(Children is null ? 5 : 6);
        writer.WriteUInt64(Inode);
        writer.WriteInt64(Changed.Seconds);
        writer.WriteUInt32(Changed.Nanoseconds);
        writer.WriteOptionalTime(Born);
        if (Children is not null)
        {
            ContentItem.WriteAll(writer, [.. Children]);
        }

        writer.WriteEndArray();
    }

    /// <exception cref="CborContentException">It is no side record.</exception>
    public static SideRecord Read(CborReader reader)
    {
        var count = reader.ReadStartArray();
        var record = new SideRecord(reader.ReadUInt64(), new(reader.ReadInt64(), reader.ReadUInt32()), reader.ReadOptionalTime(), null);
        if (count == 6)
        {
            record = record with { Children = ContentItem.ReadAll(reader) };
        }

        reader.ReadEndArray();
        return record;
    }
}
