using System.Globalization;
using System.Text;

namespace AslRescue.Audit.Notes;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="Bytes">Four bytes that tell the key, then the signature.</param>
internal sealed record NoteSignature(string Name, byte[] Bytes);

/// <summary>
/// A checkpoint of a journal (C2SP tlog-checkpoint): whose journal, how many records, the root over them, and the signatures of a signed
/// note below. A note without signatures says as much, and nobody vouches for it.
/// </summary>
internal sealed record Note
{
    /// <summary>No note is longer.</summary>
    public const int BytesMax = 16 * 1024;

    private const string SignatureMark = "— ";
    private const int SignaturesMax = 16;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The file.</summary>
    public required string Where { get; init; }

    /// <summary>What is signed: the lines up to the empty one, each with its newline.</summary>
    public required byte[] Body { get; init; }

    /// <summary>"aslrescue/DOMAIN/RUN".</summary>
    public required string Origin { get; init; }

    /// <summary>How many records it covers.</summary>
    public required long Size { get; init; }

    /// <summary>The root over them, 32 bytes.</summary>
    public required byte[] Root { get; init; }

    /// <summary>Who signed, as it says.</summary>
    public required IReadOnlyList<NoteSignature> Signatures { get; init; }

    /// <summary>What a witness signs (C2SP tlog-cosignature): the note's body behind two lines with the time.</summary>
    public static byte[] CosignedText(ReadOnlySpan<byte> body, ulong time) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n")), .. body];

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static (Note? Note, string Why) Read(string where, byte[] bytes)
    {
        string text;
        try
        {
            text = Strict.GetString(bytes);
        }
        catch (ArgumentException)
        {
            return (null, "it is no UTF-8");
        }

        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !text.EndsWith('\n'))
        {
            return (null, "no empty line ends what is signed");
        }

        var lines = text[..end].Split('\n');
        var root = new byte[32];
        if (lines.Length < 3 || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || lines[1] != size.ToString(CultureInfo.InvariantCulture) || !Convert.TryFromBase64String(lines[2], root, out var length) || length != root.Length
            || Convert.ToBase64String(root) != lines[2]) // Bits that no byte needs may be anything to the decoder.
        {
            return (null, "its three lines are not origin, number of records and root");
        }

        return ReadSignatures(text[(end + 2)..]) is { } signatures
            ? (new Note { Where = where, Body = Strict.GetBytes(text[..(end + 1)]), Origin = lines[0], Size = size, Root = root, Signatures = signatures }, "")
            : (null, "a line below the empty one is no signature");
    }

    private static List<NoteSignature>? ReadSignatures(string text)
    {
        List<NoteSignature> signatures = [];
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (signatures.Count == SignaturesMax || !line.StartsWith(SignatureMark, StringComparison.Ordinal) || line[SignatureMark.Length..].Split(' ') is not [var name, var encoded])
            {
                return null;
            }

            var bytes = new byte[encoded.Length];
            if (name.Length == 0 || !Convert.TryFromBase64String(encoded, bytes, out var length) || Convert.ToBase64String(bytes, 0, length) != encoded)
            {
                return null;
            }

            signatures.Add(new NoteSignature(name, bytes[..length]));
        }

        return signatures;
    }
}
