using System.Buffers.Binary;
using System.Text;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// Reads the packed list of fields (nvlist) of a label. XDR: numbers are big-endian, everything is padded to four bytes.
/// <code>
/// head   | encoding = 1 | byte order | 0 | 0 |                                           four bytes
/// list   | version u32 | flags u32 | field … | 0 u32 | 0 u32 |
/// field  | bytes u32 | bytes unpacked u32 | name length u32 | name … | type u32 | count u32 | value … |
/// </code>
/// The bytes are whatever lies on a disk. Each field says how long it is, and nothing reaches beyond its own field: so a value that is of no
/// interest is stepped over, what is made is bounded by what was read, and lists in lists end at a depth.
/// </summary>
internal static class PackedFields
{
    private const int DepthMax = 24;
    private const byte Xdr = 1;
    private const int HeadBytes = 4;
    private const int ListBytesMin = 16; // version, flags and the end

    private const uint Unsigned64 = 8;
    private const uint TextType = 9;
    private const uint Unsigned64Array = 16;
    private const uint ListType = 19;
    private const uint ListArray = 20;

    /// <summary>The fields, in a field without a name; null when the bytes are no whole list.</summary>
    public static LabelField? Read(ReadOnlySpan<byte> packed)
    {
        var root = new LabelField("");
        return packed.Length > HeadBytes && packed[0] == Xdr && ReadList(packed[HeadBytes..], root, 0) >= 0 ? root : null;
    }

    /// <returns>How many bytes the list takes; negative when it is not whole.</returns>
    private static int ReadList(ReadOnlySpan<byte> bytes, LabelField into, int depth)
    {
        if (depth > DepthMax || bytes.Length < ListBytesMin)
        {
            return -1;
        }

        var position = 8;
        while (bytes.Length - position >= 8)
        {
            var (length, unpacked) = (Word(bytes, position), Word(bytes, position + 4));
            if (length == 0 && unpacked == 0)
            {
                return position + 8;
            }

            if (length % 4 != 0 || length < 20 || length > (uint)(bytes.Length - position)
                || !ReadField(bytes.Slice(position + 8, (int)length - 8), into, depth))
            {
                return -1;
            }

            position += (int)length;
        }

        return -1;
    }

    private static bool ReadField(ReadOnlySpan<byte> bytes, LabelField into, int depth)
    {
        if (!TryText(bytes, out var name, out var taken) || bytes.Length - taken < 8)
        {
            return false;
        }

        var (type, count) = (Word(bytes, taken), Word(bytes, taken + 4));
        var value = bytes[(taken + 8)..];
        switch (type)
        {
            case Unsigned64 when value.Length >= 8:
                into.Children.Add(new LabelField(name, Number: BinaryPrimitives.ReadUInt64BigEndian(value)));
                return true;
            case TextType when TryText(value, out var text, out _):
                into.Children.Add(new LabelField(name, Text: text));
                return true;
            case Unsigned64Array:
                return ReadNumbers(value, name, into);
            case ListType:
                return ReadList(value, Added(into, name), depth + 1) >= 0;
            case ListArray:
                return ReadLists(value, name, count, into, depth);
            case Unsigned64 or TextType:
                return false;
            default:
                into.Children.Add(new LabelField(name));
                return true;
        }
    }

    /// <summary>Numbers follow their count.</summary>
    private static bool ReadNumbers(ReadOnlySpan<byte> value, string name, LabelField into)
    {
        if (value.Length < 4 || Word(value, 0) is var count && count > (uint)(value.Length - 4) / 8)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            into.Children.Add(new LabelField(LabelField.Member(name, i), Number: BinaryPrimitives.ReadUInt64BigEndian(value[(4 + (i * 8))..])));
        }

        return true;
    }

    private static bool ReadLists(ReadOnlySpan<byte> value, string name, uint count, LabelField into, int depth)
    {
        for (var i = 0; i < count; i++)
        {
            var length = ReadList(value, Added(into, LabelField.Member(name, i)), depth + 1);
            if (length < 0)
            {
                return false;
            }

            value = value[length..];
        }

        return true;
    }

    private static LabelField Added(LabelField into, string name)
    {
        var field = new LabelField(name);
        into.Children.Add(field);
        return field;
    }

    private static bool TryText(ReadOnlySpan<byte> bytes, out string text, out int taken)
    {
        (text, taken) = ("", 0);
        if (bytes.Length < 4 || Word(bytes, 0) is var length && length > (uint)(bytes.Length - 4))
        {
            return false;
        }

        taken = 4 + (((int)length + 3) & ~3);
        text = Encoding.UTF8.GetString(bytes.Slice(4, (int)length));
        return taken <= bytes.Length;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int position) => BinaryPrimitives.ReadUInt32BigEndian(bytes[position..]);
}
