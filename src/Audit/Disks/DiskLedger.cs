using System.Globalization;
using System.Text.Json;
using AslRescue.Audit.Replay;

namespace AslRescue.Audit.Disks;

/// <summary>The write counters of a machine's disks as a run's journal has them, read by this verifier's own code from docs/machine.md (Write counters).</summary>
public sealed class DiskLedger
{
    private readonly List<DiskSeries> _series = [];
    private readonly Dictionary<(string Boot, string Name, string Number, string Appearance), int> _places = [];
    private readonly List<List<DiskCounter>> _counters = [];
    private readonly HashSet<int> _read = [];
    private readonly List<Finding> _findings = [];

    /// <summary>Each disk, once for each boot and each plugging in; empty for a run of a version that did not count.</summary>
    public IReadOnlyList<DiskSeries> Series => _series;

    /// <summary>Documents that are none.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>What these documents say of disks; those of other names are passed over.</summary>
    /// <param name="documents">In the order of the journal, up to what is sealed.</param>
    public static DiskLedger Of(IEnumerable<EvidenceDocument> documents)
    {
        var ledger = new DiskLedger();
        foreach (var document in documents.Where(document => document.Name == "disks"))
        {
            ledger.Take(document);
        }

        return ledger;
    }

    private void Take(EvidenceDocument document)
    {
        try
        {
            var counts = Json.Parse(document.Bytes);
            var (when, boot) = (Required(counts, "when"), Required(counts, "boot"));
            foreach (var disk in Items(counts, "disks"))
            {
                Take(when, boot, disk);
            }
        }
        catch (JsonException malformed)
        {
            _findings.Add(new Finding(FindingKind.Malformed, document.Record.Where, $"the write counters cannot be read: {malformed.Message}"));
        }
    }

    private void Take(string when, string boot, JsonElement disk)
    {
        var key = (Boot: boot, Name: Required(disk, "name"), Number: Required(disk, "number"), Appearance: Json.Text(disk, "appearance") ?? "");
        var counter = new DiskCounter(when, Count(Required(disk, "written")), Count(Json.Text(disk, "discarded") ?? "0"));
        var serial = Json.Text(disk, "serial");
        if (!_places.TryGetValue(key, out var place) || (serial is not null && _series[place].Serial is { } other && serial != other))
        {
            _places[key] = place = _series.Count;
            _counters.Add([]);
            _series.Add(new DiskSeries(key.Boot, key.Name, key.Number, key.Appearance) { Serial = serial, Counters = _counters[place] });
        }

        // What it is there for may be known later than its counter: the backend is approved after the run has begun. Who may write to it counts from when reading began.
        var series = _series[place];
        var isFirstRead = when == DiskSeries.Reading && _read.Add(place);
        _counters[place].Add(counter);
        _series[place] = series with
        {
            Serial = series.Serial ?? serial,
            Identity = [.. new[] { Json.Text(disk, "model"), serial is null ? null : $"serial {serial}", Json.Text(disk, "worldWideName") }.OfType<string>()],
            Holds = [.. series.Holds.Union(Texts(disk, "holds"), StringComparer.Ordinal)],
            Sources = [.. series.Sources.Union(Texts(disk, "sources"), StringComparer.Ordinal)],
            IsQuiet = isFirstRead ? Json.Text(disk, "isQuiet") == "true" : series.IsQuiet,
        };
    }

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        Items(element, name).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new JsonException($"an item of '{name}' is no text"));

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        Json.Inner(element, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : throw new JsonException($"'{name}' is no list");

    private static string Required(JsonElement element, string name) => Json.Text(element, name) ?? throw new JsonException($"there is no '{name}'");

    private static long Count(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw new JsonException($"'{Text.Readable(text)}' is no counter");
}
