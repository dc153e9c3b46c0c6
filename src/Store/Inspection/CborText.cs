using System.Formats.Cbor;
using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Inspection;

/// <summary>CBOR as people write it: diagnostic notation (RFC 8949, 8), cut where it gets long. Byte strings are h'…', or text where they are printable.</summary>
public static class CborText
{
    private const int DepthMax = 16;
    private const int StringBytesShown = 64;

    /// <summary>The first value of the bytes.</summary>
    /// <param name="encoded">CBOR.</param>
    /// <param name="lengthMax">Characters; a longer text ends in "…".</param>
    public static string Of(ReadOnlyMemory<byte> encoded, int lengthMax)
    {
        var text = new StringBuilder();
        try
        {
            Add(text, new CborReader(encoded, CborConformanceMode.Lax, allowMultipleRootLevelValues: true), lengthMax, 0);
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            text.Append(" <").Append(exception.Message).Append('>');
        }

        return text.Length <= lengthMax ? text.ToString() : text.ToString(0, lengthMax) + "…";
    }

    private static void Add(StringBuilder text, CborReader reader, int lengthMax, int depth)
    {
        switch (reader.PeekState())
        {
            case CborReaderState.StartArray:
                reader.ReadStartArray();
                AddItems(text, reader, lengthMax, depth, ('[', ']'), CborReaderState.EndArray);
                break;
            case CborReaderState.StartMap:
                reader.ReadStartMap();
                AddItems(text, reader, lengthMax, depth, ('{', '}'), CborReaderState.EndMap);
                break;
            case CborReaderState.TextString:
                text.Append('"').Append(Printable.Text(reader.ReadTextString())).Append('"');
                break;
            case CborReaderState.ByteString:
                AddBytes(text, reader.ReadByteString());
                break;
            case CborReaderState.UnsignedInteger:
                text.Append(reader.ReadUInt64().ToString(CultureInfo.InvariantCulture));
                break;
            case CborReaderState.NegativeInteger:
                text.Append('-').Append(((Int128)reader.ReadCborNegativeIntegerRepresentation() + 1).ToString(CultureInfo.InvariantCulture));
                break;
            case CborReaderState.Null:
                reader.ReadNull();
                text.Append("null");
                break;
            case CborReaderState.Boolean:
                text.Append(reader.ReadBoolean() ? "true" : "false");
                break;
            default:
                text.Append("h'").Append(Convert.ToHexStringLower(reader.ReadEncodedValue().Span)).Append('\'');
                break;
        }
    }

    private static void AddItems(StringBuilder text, CborReader reader, int lengthMax, int depth, (char Open, char Close) marks, CborReaderState end)
    {
        text.Append(marks.Open);
        for (var count = 0; reader.PeekState() != end; count++)
        {
            text.Append(count == 0 ? "" : marks.Open == '{' && count % 2 == 1 ? ": " : ", ");
            if (text.Length > lengthMax || depth == DepthMax)
            {
                text.Append('…');
                return; // Nothing more of the whole is shown: whoever called stops at the length, too.
            }

            Add(text, reader, lengthMax, depth + 1);
            if (text.Length > lengthMax)
            {
                return;
            }
        }

        if (end == CborReaderState.EndMap)
        {
            reader.ReadEndMap();
        }
        else
        {
            reader.ReadEndArray();
        }

        text.Append(marks.Close);
    }

    private static void AddBytes(StringBuilder text, byte[] bytes)
    {
        var shown = bytes.AsSpan(0, Math.Min(bytes.Length, StringBytesShown));
        var isText = bytes.Length is > 0 and not 32 && !shown.ContainsAnyExceptInRange((byte)' ', (byte)'~');
        text.Append(isText ? "'" : "h'").Append(isText ? Encoding.ASCII.GetString(shown) : Convert.ToHexStringLower(shown));
        text.Append(bytes.Length > StringBytesShown ? $"… {bytes.Length} bytes'" : "'");
    }
}
