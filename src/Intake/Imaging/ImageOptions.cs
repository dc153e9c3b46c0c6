namespace AslRescue.Intake.Imaging;

/// <summary>How images are read.</summary>
public sealed record ImageOptions
{
    /// <summary>Whether a regular file that is named as a source is an image. A block device always is.</summary>
    public bool FilesAreImages { get; init; }

    /// <summary>How often bad sectors are tried again in the end.</summary>
    public int Retries { get; init; }

    /// <summary>Whether sectors between two bad ones are tried one by one.</summary>
    public bool Scrape { get; init; } = true;

    /// <summary>Begin at the end of the device.</summary>
    public bool Reverse { get; init; }

    /// <summary>How long one process may read one image; null for no limit.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Whether the whole image is hashed, where it is complete.</summary>
    public bool Hash { get; init; } = true;

    /// <summary>The text of a mapfile that says what is known of the only image; null for none.</summary>
    public byte[]? Mapfile { get; init; }

    /// <summary>Whether a run that was begun with other options would read the same: budgets and retries may differ.</summary>
    internal bool IsLike(ImageOptions other) =>
        FilesAreImages == other.FilesAreImages && (Mapfile ?? []).AsSpan().SequenceEqual(other.Mapfile ?? []);
}
