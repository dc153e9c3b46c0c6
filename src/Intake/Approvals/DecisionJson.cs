using System.Text.Json;

namespace AslRescue.Intake.Approvals;

/// <summary>
/// The one place that knows the shape of preflight.json, as far as intake needs it: <c>format</c>, <c>bootId</c>, <c>decision</c> (mode,
/// approval, row, because, confirm), <c>target</c> (the pool) and <c>table</c> (digest, proofDigest). All of it is evidence; what is not read here as well.
/// </summary>
internal static class DecisionJson
{
    private const string FormatKnown = "1";

    /// <summary>Reads the decision that the record is about.</summary>
    /// <exception cref="JsonException">It is not JSON, or not of this shape.</exception>
    public static (string Mode, Decision Decision) Read(byte[] record)
    {
        try
        {
            return ReadRecord(record);
        }
        catch (InvalidOperationException malformed)
        {
            throw new JsonException("it holds a text that is not Unicode", malformed); // Parsing leaves texts as they are.
        }
    }

    private static (string Mode, Decision Decision) ReadRecord(byte[] record)
    {
        using var document = JsonDocument.Parse(record);
        var root = document.RootElement;
        if (Text(root, "format") != FormatKnown)
        {
            throw new JsonException($"it is not of format {FormatKnown}");
        }

        var (decision, table) = (Inner(root, "decision"), Inner(root, "table"));
        var mode = Text(decision, "mode") ?? throw new JsonException("its decision names no mode");
        return (mode, new Decision
        {
            Mode = mode == "remote" ? DecidedMode.Remote : DecidedMode.Local,
            Because = Text(decision, "because") ?? "no reason is recorded",
            Row = Text(decision, "row"),
            NeedsOperator = Text(decision, "approval") != "config",
            Confirm = Text(decision, "confirm"),
            Boot = Text(root, "bootId") ?? "",
            TableDigest = Text(table, "digest"),
            ProofDigest = Text(table, "proofDigest"),
            Pool = Pool(Inner(root, "target")),
            Record = record,
        });
    }

    private static PoolIdentity? Pool(JsonElement target) =>
        Text(target, "poolGuid") is { } guid && Text(target, "pool") is { } name
            ? new PoolIdentity(
                guid, name, Text(target, "poolState") is "exported" or "imported", Text(target, "ownerHostName"), Text(target, "ownerHostId"))
            : null;

    private static JsonElement Inner(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A text, or a number as it is written: a guid has 64 bits, more than some readers of JSON keep.</summary>
    private static string? Text(JsonElement element, string name)
    {
        var value = Inner(element, name);
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
    }
}
