using AslRescue.Shared;
using AslRescue.Store.Blocks;

namespace AslRescue.Store.Inspection;

/// <summary>An artifact as a footer lists it.</summary>
/// <param name="Number">Which entry of the footer, from 0.</param>
/// <param name="Key">SHA-256 of its bytes.</param>
/// <param name="Position">Where it starts in the frame's raw bytes.</param>
/// <param name="RawLength">Its bytes.</param>
public sealed record InspectedArtifact(int Number, Digest Key, int Position, int RawLength);

/// <summary>Bytes of a block that are stored together, as the footer lists them; or as they were found where there is no footer.</summary>
public sealed record InspectedFrame
{
    /// <summary>From 0, in the order of the footer.</summary>
    public required int Number { get; init; }

    /// <summary>Where it starts in the file, as said.</summary>
    public required int Offset { get; init; }

    /// <summary>Bytes in the file.</summary>
    public required int StoredLength { get; init; }

    /// <summary>How they become raw bytes.</summary>
    public required Codec Codec { get; init; }

    /// <summary>XXH3-128 of the stored bytes as said; null where nobody says.</summary>
    public UInt128? Checksum { get; init; }

    /// <summary>What it holds; empty where nobody says.</summary>
    public required IReadOnlyList<InspectedArtifact> Artifacts { get; init; }

    /// <summary>Bytes that it becomes, as said.</summary>
    public required long RawLength { get; init; }

    /// <summary>Why it cannot be read as its entries say; empty when it can.</summary>
    public IReadOnlyList<Damage> Impossible { get; init; } = [];

    /// <summary>What no writer does, and what does not keep it from being read.</summary>
    public IReadOnlyList<Damage> Odd { get; init; } = [];

    /// <summary>The first byte behind it.</summary>
    public long End => (long)Offset + StoredLength;
}

/// <summary>What became of the check of a frame.</summary>
public sealed record FrameVerdict
{
    /// <summary>XXH3-128 of what lies there; null when it cannot be read.</summary>
    public UInt128? Checksum { get; init; }

    /// <summary>Where its bytes were found, where that is not the place that the footer says.</summary>
    public long? FoundAt { get; init; }

    /// <summary>For each artifact what its bytes hash to; null where they cannot be had.</summary>
    public IReadOnlyList<Digest?> Keys { get; init; } = [];

    /// <summary>What is wrong; empty when nothing is.</summary>
    public required IReadOnlyList<Damage> Damages { get; init; }
}
