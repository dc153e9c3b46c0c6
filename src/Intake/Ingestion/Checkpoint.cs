using System.Formats.Cbor;
using AslRescue.Intake.Imaging;
using AslRescue.Shared.Interop;
using AslRescue.Store.Format;
using AslRescue.Store.Trees;

namespace AslRescue.Intake.Ingestion;

/// <summary>
/// A part of a file whose chunks all lie in sealed blocks: from offset <paramref name="Start"/> to <paramref name="End"/>, a boundary of
/// chunks. See docs/store-format.md, Logs.
/// </summary>
internal sealed record CheckpointPart(
    int Source, byte[] Path, SourceIdentity Identity, long Start, long End, IReadOnlyList<ContentItem> Items, bool IsComplete)
{
    internal const int Fields = 12;

    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(Fields);
        writer.WriteInt32(Source);
        writer.WriteByteString(Path);
        writer.WriteUInt64(Identity.Inode);
        writer.WriteInt64(Identity.Size);
        writer.WriteInt64(Identity.Modified.Seconds);
        writer.WriteUInt32(Identity.Modified.Nanoseconds);
        writer.WriteInt64(Identity.Changed.Seconds);
        writer.WriteUInt32(Identity.Changed.Nanoseconds);
        writer.WriteInt64(Start);
        writer.WriteInt64(End);
        ContentItem.WriteAll(writer, [.. Items]);
        writer.WriteBoolean(IsComplete);
        writer.WriteEndArray();
    }

    /// <summary>The parts of files in a checkpoint object, which may hold parts of images too.</summary>
    /// <exception cref="Shared.Errors.AslException">LogCorrupt: its hash is right, but it holds what no ingest writes.</exception>
    internal static IEnumerable<CheckpointPart> ReadAll(byte[] content) => CheckpointElements.Read(content).Select(element => element.Part).OfType<CheckpointPart>();

    /// <summary>Reads what follows the start of the array.</summary>
    internal static CheckpointPart ReadFields(CborReader reader)
    {
        var (source, path) = (reader.ReadInt32(), reader.ReadByteString());
        var identity = new SourceIdentity(reader.ReadUInt64(), reader.ReadInt64(),
            new(reader.ReadInt64(), reader.ReadUInt32()), new(reader.ReadInt64(), reader.ReadUInt32()));
        var (start, end) = (reader.ReadInt64(), reader.ReadInt64());
        var part = new CheckpointPart(source, path, identity, start, end, ContentItem.ReadAll(reader, int.MaxValue), reader.ReadBoolean());
        reader.ReadEndArray();
        return part;
    }

    /// <summary>Walk order of two paths: by names, a folder before what comes after it. '/' counts as less than any byte of a name.</summary>
    internal static int CompareInWalkOrder(int leftSource, ReadOnlySpan<byte> left, int rightSource, ReadOnlySpan<byte> right)
    {
        if (leftSource != rightSource)
        {
            return leftSource.CompareTo(rightSource);
        }

        var common = left.CommonPrefixLength(right);
        return common == left.Length || common == right.Length
            ? left.Length.CompareTo(right.Length)
            : Rank(left[common]).CompareTo(Rank(right[common]));

        static int Rank(byte value) => value == (byte)'/' ? 0 : value;
    }
}

/// <summary>What an interrupted run had already read, handed out in walk order as the walker asks.</summary>
internal sealed class CheckpointCursor(IEnumerable<CheckpointPart> parts) : IDisposable
{
    private readonly IEnumerator<CheckpointPart> _parts = parts.GetEnumerator();
    private bool _isStarted;
    private bool _isOver;

    /// <summary>The parts of this file, if they are of the same file unchanged; empty otherwise. Paths must be asked for in walk order.</summary>
    internal List<CheckpointPart> Take(int source, ReadOnlySpan<byte> path, in SourceIdentity identity)
    {
        List<CheckpointPart> found = [];
        while (Peek() is { } part)
        {
            var order = CheckpointPart.CompareInWalkOrder(part.Source, part.Path, source, path);
            if (order > 0)
            {
                break;
            }

            var continues = found.Count == 0 ? part.Start == 0 : found[^1].End == part.Start;
            if (order == 0 && part.Identity == identity && continues)
            {
                found.Add(part);
            }

            _isStarted = false;
        }

        return found;
    }

    public void Dispose() => _parts.Dispose();

    private CheckpointPart? Peek()
    {
        if (!_isStarted && !_isOver)
        {
            _isOver = !_parts.MoveNext();
            _isStarted = !_isOver;
        }

        return _isOver ? null : _parts.Current;
    }
}
