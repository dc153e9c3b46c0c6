using System.Text.Json;
using AslRescue.Intake.Machine;
using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Facts;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>Rule files as JSON; docs/json-output.md lists the fields.</summary>
internal static class RulesOutput
{
    /// <summary>A decision table and its proof, or what is wrong with it.</summary>
    internal static void WriteTable(Utf8JsonWriter writer, TableVerdict verdict)
    {
        writer.WriteStartObject();
        Head(writer, verdict.Path, verdict.Digest, verdict.Rules?.ProofDigest);
        writer.WriteStartArray("tables");
        foreach (var table in verdict.Rules?.File.Tables ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("name", table.Name);
            writer.WriteNumber("rows", table.Rows.Count);
            writer.WriteNumber("worlds", table.Worlds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("findings");
        foreach (var finding in verdict.Findings)
        {
            Finding(writer, finding.Error, finding.Counterexample, finding.ProposedRow);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The machine's contract and its proof, or what is wrong with it; <paramref name="error"/>: it could not be read.</summary>
    internal static void WriteContract(Utf8JsonWriter writer, string path, ContractProof? proof, AslError? error)
    {
        writer.WriteStartObject();
        Head(writer, path, proof?.Contract.Digest.ToString(), proof is { Holds: true } ? proof.Digest.ToString() : null);
        writer.WriteStartArray("findings");
        foreach (var finding in proof?.Findings ?? [])
        {
            Finding(
                writer, new AslError(ErrorCode.ContractUnproved, $"{finding.Lemma}: {finding.Text}") { Where = path, Why = string.Join("; ", finding.Path), Fix = "correct the contract" },
                [], null);
        }

        if (error is not null)
        {
            Finding(writer, error, [], null);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The whole of a proved table: its facts, its rows and the sentences that hold for it.</summary>
    internal static void WriteRows(Utf8JsonWriter writer, string path, ProvedRules rules)
    {
        writer.WriteStartObject();
        Head(writer, path, rules.File.Digest, rules.ProofDigest);
        writer.WriteStartArray("tables");
        foreach (var table in rules.File.Tables)
        {
            Table(writer, table);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("lemmas");
        foreach (var (id, table, sentence) in rules.Sentences)
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("table", table);
            writer.WriteString("sentence", sentence);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Head(Utf8JsonWriter writer, string path, string? digest, string? proofDigest)
    {
        writer.WriteString("path", path);
        writer.WriteString("digest", digest);
        writer.WriteString("proofDigest", proofDigest);
        writer.WriteBoolean("isProved", proofDigest is not null);
    }

    private static void Table(Utf8JsonWriter writer, RuleTable table)
    {
        writer.WriteStartObject();
        writer.WriteString("name", table.Name);
        writer.WriteStartObject("inputs");
        foreach (var input in table.Inputs)
        {
            writer.WriteTexts(input.Id, input.Values);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("rows");
        foreach (var row in table.Rows)
        {
            writer.WriteStartObject();
            writer.WriteString("id", row.Id);
            writer.WriteStartObject("when");
            foreach (var (input, values) in table.LooksAt(row))
            {
                writer.WriteTexts(input.Id, values);
            }

            writer.WriteEndObject();
            writer.WriteString("then", row.Outcome.Value);
            writer.WriteString("approval", table.Answer == FactCatalog.Mode ? row.Outcome.Approval.ToString().ToLowerInvariant() : null);
            writer.WriteString("because", row.Because);
            writer.WriteNumber("line", row.Line);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Finding(
        Utf8JsonWriter writer, AslError error, IReadOnlyList<(string Fact, string Value)> counterexample, string? proposedRow)
    {
        writer.WriteStartObject();
        writer.WriteString("code", error.CodeText);
        writer.WriteString("what", error.What);
        writer.WriteString("where", error.Where);
        writer.WriteString("why", error.Why);
        writer.WriteString("fix", error.Fix);
        writer.WriteStartObject("counterexample");
        foreach (var (fact, value) in counterexample)
        {
            writer.WriteString(fact, value);
        }

        writer.WriteEndObject();
        writer.WriteString("proposedRow", proposedRow);
        writer.WriteEndObject();
    }
}
