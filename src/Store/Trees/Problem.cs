using System.Formats.Cbor;

namespace AslRescue.Store.Trees;

/// <summary>One line of a snapshot's list of problems: which entry is not exactly what the source held, and why.</summary>
/// <param name="Source">Which source, from 0.</param>
/// <param name="Path">From the root of the source, raw; empty for the root itself.</param>
/// <param name="Kind">What kind of problem.</param>
/// <param name="Errno">The system's error number, where there was one.</param>
/// <param name="Text">The reason in words.</param>
public sealed record Problem(int Source, byte[] Path, ProblemKind Kind, int? Errno, string Text)
{
    /// <summary>Appends the problem to a CBOR sequence.</summary>
    public void Write(CborWriter writer)
    {
        writer.WriteStartArray(5);
        writer.WriteInt32(Source);
        writer.WriteByteString(Path);
        writer.WriteInt32((int)Kind);
        if (Errno is { } number)
        {
            writer.WriteInt32(number);
        }
        else
        {
            writer.WriteNull();
        }

        writer.WriteTextString(Text);
        writer.WriteEndArray();
    }

    /// <summary>Reads the next problem of a CBOR sequence.</summary>
    public static Problem Read(CborReader reader)
    {
        reader.ReadStartArray();
        var (source, path, kind) = (reader.ReadInt32(), reader.ReadByteString(), (ProblemKind)reader.ReadInt32());
        int? errno = null;
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            errno = reader.ReadInt32();
        }

        var problem = new Problem(source, path, kind, errno, reader.ReadTextString());
        reader.ReadEndArray();
        return problem;
    }
}
