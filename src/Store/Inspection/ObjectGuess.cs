using System.Text;

namespace AslRescue.Store.Inspection;

/// <summary>What a file is by its first bytes, whatever it is called.</summary>
public enum ObjectGuess
{
    /// <summary>None of these.</summary>
    Unknown,

    /// <summary>A block; or what has only the footer of one.</summary>
    Block,

    /// <summary>A segment.</summary>
    Segment,

    /// <summary>A snapshot or a draft.</summary>
    Snapshot,

    /// <summary>Lines of a journal.</summary>
    Journal,

    /// <summary>A seal.</summary>
    Seal,

    /// <summary>format.toml.</summary>
    Format,
}

/// <summary>Guesses.</summary>
public static class ObjectGuesses
{
    /// <summary>What a file is.</summary>
    public static ObjectGuess Of(InspectedFile file)
    {
        var head = file.TryRead(0, (int)Math.Min(file.Length, 64)) ?? [];
        return head.AsSpan() switch
        {
            var bytes when bytes.StartsWith("ASLBLOCK"u8) => ObjectGuess.Block,
            var bytes when bytes.StartsWith("ASLSEGM1"u8) => ObjectGuess.Segment,
            var bytes when bytes.IndexOf("\x6casl-snapshot"u8) is >= 0 and < 8 => ObjectGuess.Snapshot,
            var bytes when bytes.StartsWith("{\"sequence\":"u8) => ObjectGuess.Journal,
            var bytes when bytes.StartsWith("{\"seal\":"u8) => ObjectGuess.Seal,
            var bytes when Encoding.Latin1.GetString(bytes).StartsWith("# The parameters of an ASL store", StringComparison.Ordinal) => ObjectGuess.Format,
            _ => BlockFooterSearch.Find(file) is null ? ObjectGuess.Unknown : ObjectGuess.Block,
        };
    }

    /// <summary>In words.</summary>
    public static string Word(this ObjectGuess guess) => guess switch
    {
        ObjectGuess.Block => "a block",
        ObjectGuess.Segment => "a segment",
        ObjectGuess.Snapshot => "a snapshot or a draft",
        ObjectGuess.Journal => "lines of a journal",
        ObjectGuess.Seal => "a seal",
        ObjectGuess.Format => "format.toml",
        _ => "nothing of this format",
    };
}
