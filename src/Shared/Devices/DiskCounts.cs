using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AslRescue.Shared.Devices;

/// <summary>
/// The write counters of a machine's disks at one moment of a run: a document of its evidence, in its journal and its snapshot. Two of one
/// boot prove, for each disk that neither counter moved of, that nothing was written to it between them.
/// </summary>
/// <param name="When">One of <see cref="DiskMoments"/>.</param>
/// <param name="Boot">The boot that counts.</param>
/// <param name="Monotonic">Nanoseconds of that boot.</param>
/// <param name="Disks">In the order of their names.</param>
public sealed record DiskCounts(string When, string Boot, long Monotonic, IReadOnlyList<DiskCount> Disks)
{
    /// <summary>The name of the evidence.</summary>
    public const string EvidenceName = "disks";

    /// <summary>The evidence.</summary>
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, DiskJson.Default.DiskCounts);

    /// <summary>Reads a document; null when it is none.</summary>
    public static DiskCounts? TryParse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, DiskJson.Default.DiskCounts) is { } counts && counts.Disks.All(IsPossible) ? counts : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsPossible(DiskCount? disk) => disk is { Written: >= 0, Discarded: null or >= 0 };
}

/// <summary>When counters are taken.</summary>
public static class DiskMoments
{
    /// <summary>A run has a journal; or a later process of it, in another boot.</summary>
    public const string Begun = "begun";

    /// <summary>The backend is attached, and reading begins.</summary>
    public const string Reading = "reading";

    /// <summary>The process is about to leave a run that can be resumed.</summary>
    public const string Stopped = "stopped";

    /// <summary>All is read, and sealing begins.</summary>
    public const string Sealing = "sealing";

    /// <summary>In the order in which they come: of two in one moment of a coarse clock the earlier one is first.</summary>
    internal static ImmutableArray<string> All { get; } = [Begun, Reading, Stopped, Sealing];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DiskCounts))]
internal sealed partial class DiskJson : JsonSerializerContext;
