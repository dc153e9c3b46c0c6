using System.Text.Json;

namespace AslRescue.Intake.Approvals;

/// <summary>
/// The one place that knows the shape of preflight.json: <c>boot</c>, and <c>decisions</c>, newest last, each with <c>mode</c>,
/// <c>row</c>, <c>because</c>, <c>tableDigest</c>, <c>proofDigest</c> and <c>pool</c>. Fields that it does not know are evidence all the same.
/// </summary>
internal static class DecisionJson
{
    /// <summary>Reads the newest decision.</summary>
    /// <exception cref="JsonException">It is not JSON, or not of this shape.</exception>
    public static (string Mode, Decision Decision) Newest(byte[] record)
    {
        using var document = JsonDocument.Parse(record);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("decisions", out var all)
            || all.ValueKind != JsonValueKind.Array || all.GetArrayLength() == 0)
        {
            throw new JsonException("it holds no decisions");
        }

        var newest = all[all.GetArrayLength() - 1];
        var mode = Text(newest, "mode") ?? throw new JsonException("its newest decision names no mode");
        return (mode, new Decision
        {
            Mode = mode == "remote" ? DecidedMode.Remote : DecidedMode.Local,
            Because = Text(newest, "because") ?? "no reason is recorded",
            Row = Text(newest, "row"),
            Boot = Text(newest, "boot") ?? Text(root, "boot") ?? "",
            TableDigest = Text(newest, "tableDigest"),
            ProofDigest = Text(newest, "proofDigest"),
            Pool = newest.TryGetProperty("pool", out var pool) ? Pool(pool) : null,
            Record = record,
        });
    }

    private static PoolIdentity? Pool(JsonElement pool)
    {
        if (pool.ValueKind != JsonValueKind.Object || Text(pool, "guid") is not { } guid || Text(pool, "name") is not { } name)
        {
            return null;
        }

        var owner = pool.TryGetProperty("owner", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : pool;
        var isExported = Flag(pool, "exported") || Text(pool, "state") == "exported";
        return new PoolIdentity(guid, name, isExported, Text(owner, "hostname"), Text(owner, "hostid"));
    }

    /// <summary>A text, or a number as it is written: guids are 64-bit and some writers leave the quotes off.</summary>
    private static string? Text(JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };

    private static bool Flag(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
