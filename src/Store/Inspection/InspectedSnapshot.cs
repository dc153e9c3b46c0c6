using System.Formats.Cbor;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Format;
using AslRescue.Store.Snapshots;

namespace AslRescue.Store.Inspection;

/// <summary>A field of a snapshot.</summary>
/// <param name="Key">Of the map.</param>
/// <param name="Offset">Where its key starts in the file.</param>
/// <param name="Length">Bytes of key and value.</param>
/// <param name="Value">The value's CBOR.</param>
public sealed record SnapshotField(long Key, long Offset, long Length, ReadOnlyMemory<byte> Value)
{
    private static readonly string[] Names =
    [
        "magic", "version", "domain", "run", "began", "created", "base", "root", "side", "sources", "groups", "blocks", "counts", "case", "problems",
        "origin", "journal", "format", "evidence",
    ];

    /// <summary>What the format calls it.</summary>
    public string Name => Key >= 0 && Key < Names.Length ? Names[Key] : "unknown";
}

/// <summary>A document in a snapshot.</summary>
/// <param name="Name">As the snapshot calls it.</param>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="Content">Its bytes.</param>
public sealed record InspectedEvidence(string Name, long Offset, ReadOnlyMemory<byte> Content);

/// <summary>A signature beside a snapshot.</summary>
/// <param name="Path">The object.</param>
/// <param name="Key">The public key that it is called by.</param>
/// <param name="IsGood">Whether that key made it.</param>
public sealed record InspectedSignature(string Path, string Key, bool IsGood);

/// <summary>A snapshot or a draft, whole or damaged: its fields up to where it stops making sense. Held whole in memory, as every reader does: at most 256 MiB.</summary>
public sealed class InspectedSnapshot
{
    private const int EvidenceKey = 18;
    private readonly List<SnapshotField> _fields = [];
    private readonly List<InspectedEvidence> _evidence = [];
    private readonly List<Damage> _damages = [];

    /// <summary>Reads it.</summary>
    public InspectedSnapshot(InspectedFile file)
    {
        if (file.Length > BackendExtensions.ObjectBytesMax || file.TryRead(0, (int)file.Length) is not { } content)
        {
            _damages.Add(new(0, file.Length, file.Length > BackendExtensions.ObjectBytesMax ? $"a file of {file.Length} bytes is no snapshot" : "it cannot be read"));
            return;
        }

        Digest = Shared.Digest.Of(content);
        if (file.Name is { } name && name != Digest)
        {
            _damages.Add(new(0, file.Length, $"its bytes hash to {Digest}, its name says otherwise"));
        }

        ReadFields(content);
        Decode(file.Place, content);
    }

    /// <summary>SHA-256 of the file: its name. Null when it cannot be read.</summary>
    public Digest? Digest { get; }

    /// <summary>The fields that can be told apart, in their order.</summary>
    public IReadOnlyList<SnapshotField> Fields => _fields;

    /// <summary>The documents in it that can be read.</summary>
    public IReadOnlyList<InspectedEvidence> Evidence => _evidence;

    /// <summary>What the fields say; null when a strict reader refuses them.</summary>
    public Snapshot? Content { get; private set; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Damage> Damages => _damages;

    /// <summary>The signatures of a snapshot that lie in a backend.</summary>
    /// <exception cref="AslException">The backend fails.</exception>
    public static IReadOnlyList<InspectedSignature> Signatures(IBackend backend, Digest snapshot) =>
    [
        .. backend.List($"signatures/{snapshot}").Where(item => Shared.Digest.TryParse(item.Name, out _)).OrderBy(item => item.Name, StringComparer.Ordinal)
            .Select(item => Judge(backend, snapshot, item.Name)),
    ];

    private static InspectedSignature Judge(IBackend backend, Digest snapshot, string key)
    {
        var name = ObjectName.Signature(snapshot, key);
        using var file = InspectedFile.Open(backend, name);
        var signature = file is { Length: SnapshotSignature.Bytes } ? file.TryRead(0, SnapshotSignature.Bytes) : null;
        return new(name.Path, key, signature is not null && SnapshotSignature.IsGood(Convert.FromHexString(key), snapshot, signature));
    }

    private void ReadFields(byte[] content)
    {
        // The map's head is read by hand: a reader refuses a map that is cut short at its first byte, and its fields are wanted.
        var head = content.Length > 0 && content[0] >> 5 == 5 ? content[0] & 0x1f : -1;
        var reader = new CborReader(content.AsMemory(Math.Min(1, content.Length)), CborConformanceMode.Lax, allowMultipleRootLevelValues: true);
        long At() => content.Length - reader.BytesRemaining;
        try
        {
            for (var count = head is >= 0 and < 24 ? head : throw new CborContentException("it does not start as a snapshot does"); count > 0; count--)
            {
                var start = At();
                var key = reader.ReadInt64();
                var value = At();
                var encoded = reader.ReadEncodedValue();
                _fields.Add(new(key, start, At() - start, encoded));
                if (key == EvidenceKey)
                {
                    ReadEvidence(encoded, value);
                }
            }

            if (reader.BytesRemaining > 0)
            {
                _damages.Add(new(At(), reader.BytesRemaining, "something follows the snapshot"));
            }
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            var place = _fields is [.., var last] ? last.Offset + last.Length : 0;
            _damages.Add(new(place, content.Length - place, $"from here on it makes no sense: {exception.Message}"));
        }
    }

    private void ReadEvidence(ReadOnlyMemory<byte> encoded, long offset)
    {
        var reader = new CborReader(encoded, CborConformanceMode.Lax);
        try
        {
            reader.ReadStartArray();
            while (reader.PeekState() != CborReaderState.EndArray)
            {
                reader.ReadStartArray();
                var name = reader.ReadTextString();
                var content = reader.ReadByteString();
                _evidence.Add(new(name, offset + encoded.Length - reader.BytesRemaining - content.Length, content));
                reader.ReadEndArray();
            }
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            _damages.Add(new(offset, encoded.Length, $"the evidence makes no sense: {exception.Message}"));
        }
    }

    private void Decode(string place, byte[] content)
    {
        try
        {
            Content = SnapshotCodec.Decode(place, content);
        }
        catch (AslException exception)
        {
            _damages.Add(new(0, content.Length, $"no reader accepts it: {exception.Error.Why}"));
        }
    }

    private static bool IsMalformed(Exception exception) => exception is CborContentException or InvalidOperationException or OverflowException;
}
