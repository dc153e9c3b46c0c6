using System.Text.Json;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Records;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Explanations;

/// <summary>Reads a record of preflight to explain it, and refuses one that does not say what its table says.</summary>
public static class RecordedDecision
{
    private const int BytesMax = 16 * 1024 * 1024;
    private const string Again = "asl-admin preflight   (decides again, and keeps this record inside the new one)";

    /// <summary>Reads a record.</summary>
    /// <param name="path">As it is opened.</param>
    /// <param name="boot">The boot it must be of; null for any.</param>
    /// <exception cref="AslException">DecisionMissing, DecisionUnreadable, DecisionStale.</exception>
    public static DecisionRecord Read(string path, string? boot)
    {
        var record = Parse(path, Bytes(path));
        return boot is null || record.BootId == boot ? record : throw new AslException(
            new AslError(ErrorCode.DecisionStale, "the recorded decision is of another boot")
            {
                Where = path,
                Why = $"it was made in boot {record.BootId ?? "(unknown)"}; this is boot {boot}",
                Fix = $"asl-admin preflight   (decides for this boot), or asl-admin explain --record {path}   (explains that one)",
            });
    }

    /// <summary>The explanation of a record by a table, which must be the one that decided.</summary>
    /// <exception cref="AslException">DecisionUnproved, DecisionOfAnotherTable, DecisionUnreadable.</exception>
    public static Explanation Explain(string path, DecisionRecord record, TableVerdict table)
    {
        if (record.Table.ProofDigest is null)
        {
            throw Refused(
                ErrorCode.DecisionUnproved, "no table decided this: preflight had none that is proved", path,
                string.Join("; ", record.Decision.Reasons.DefaultIfEmpty(record.Decision.Because)), "asl-admin rules check   (says what is wrong with the table), then asl-admin preflight");
        }

        if (table.Rules is not { } rules || table.Digest != record.Table.Digest || rules.ProofDigest != record.Table.ProofDigest)
        {
            throw Refused(
                ErrorCode.DecisionOfAnotherTable, "the decision was made by another table", path,
                $"it names table {record.Table.Digest} with proof {record.Table.ProofDigest}; {table.Path} is "
                + (table.Rules is null ? "not proved" : $"{table.Digest} with proof {table.Rules.ProofDigest}"),
                "add --rules FILE with the table that decided, or decide again: asl-admin preflight");
        }

        var explanation = Explainer.Explain(record, rules);
        return explanation.Decision.Row == record.Decision.Row && explanation.Decision.Mode == record.Decision.Mode
            && explanation.Decision.Approval == record.Decision.Approval && explanation.Decision.LocalRow == record.Decision.LocalRow
            ? explanation
            : throw Refused(
                ErrorCode.DecisionUnreadable, "the record contradicts itself", path,
                $"it says {record.Decision.Mode} by row {record.Decision.Row}; its facts and its table give "
                + $"{explanation.Decision.Mode} by row {explanation.Decision.Row}", Again);
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > BytesMax }
                ? throw new IOException($"it is longer than {BytesMax} bytes")
                : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Refused(ErrorCode.DecisionMissing, "there is no recorded decision", path, "preflight has not decided in this boot, or the path is wrong", "asl-admin preflight   (decides, and writes it)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(ErrorCode.DecisionUnreadable, "the recorded decision cannot be read", path, e.Message, Again);
        }
    }

    /// <summary>A record from its bytes.</summary>
    /// <exception cref="AslException">DecisionUnreadable.</exception>
    internal static DecisionRecord Parse(string path, byte[] bytes)
    {
        try
        {
            var record = JsonSerializer.Deserialize(bytes, RecordJson.Default.DecisionRecord) ?? throw new JsonException("it is null");
            return Problem(record) is { } problem ? throw new JsonException(problem) : record;
        }
        catch (Exception e) when (e is JsonException or ArgumentNullException)
        {
            throw Refused(ErrorCode.DecisionUnreadable, "the recorded decision cannot be read", path, e.Message, Again);
        }
    }

    /// <summary>A record must hold each fact of the catalog once, with a value that it can have.</summary>
    private static string? Problem(DecisionRecord record) =>
        record.Format != 1 ? $"it is of format {record.Format}, and this program knows format 1"
        : record.Facts.GroupBy(fact => fact.Id).FirstOrDefault(group => group.Count() > 1) is { } twice ? $"it holds {twice.Key} twice"
        : record.Facts.FirstOrDefault(fact => FactCatalog.Find(fact.Id)?.IndexOf(fact.Value) is null or < 0) is { } strange
            ? $"{strange.Id} = {strange.Value} is no fact that this program knows"
        : FactCatalog.All.FirstOrDefault(definition => record.Facts.All(fact => fact.Id != definition.Id)) is { } missing
            ? $"it does not hold {missing.Id}"
        : null;

    private static AslException Refused(ErrorCode code, string what, string where, string why, string fix) =>
        new(new AslError(code, what) { Where = where, Why = why, Fix = fix });
}
