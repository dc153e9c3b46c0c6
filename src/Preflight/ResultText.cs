using AslRescue.Preflight.Decisions;
using AslRescue.Preflight.Records;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight;

/// <summary>The result as a person at a console reads it: the decision first, then why, then all facts.</summary>
internal static class ResultText
{
    private const int HeadColumn = 11;
    private const int FactColumn = 32;

    public static string Write(PreflightResult result)
    {
        var (record, text) = (result.Record, new TextLayout());
        text.Entry("mode", HeadColumn, record.Decision.Mode + Approval(record.Decision));
        Target(text, record.Target);
        text.Entry("because", HeadColumn, Printable.Text(record.Decision.Because));
        foreach (var reason in record.Decision.Reasons)
        {
            text.Entry("", HeadColumn, "- " + Printable.Text(reason));
        }

        text.Entry("rows", HeadColumn, record.Decision.Row is null ? "none" : $"{record.Decision.LocalRow}, {record.Decision.Row}");
        text.Entry("table", HeadColumn, Table(record.Table));
        text.Entry("written", HeadColumn, result.IsWritten ? "/run/asl/mode and /run/asl/preflight.json" : "nothing: this is a report");
        text.Gap();
        foreach (var fact in record.Facts)
        {
            text.Entry($"{fact.Id,-16} {fact.Value}", FactColumn, Printable.Text(fact.Says));
        }

        return text.ToString();
    }

    private static string Approval(Decision decision) => decision.Approval switch
    {
        Decisions.Approval.Config => ", approved by configuration",
        Decisions.Approval.Required => ", once you approve",
        _ => "",
    };

    private static void Target(TextLayout text, DecisionTarget target)
    {
        var words = target.Kind switch
        {
            "pool" => $"{target.Pool} (guid {target.PoolGuid}), dataset {target.Dataset}, at {target.Path}",
            "directory" => target.Path!,
            "endpoint" => target.Endpoint!,
            _ => "",
        };
        if (words.Length > 0)
        {
            text.Entry(target.Kind, HeadColumn, Printable.Text(words));
        }
    }

    private static string Table(TableRecord table) => (table.Digest, table.ProofDigest) switch
    {
        (null, _) => $"{table.Path}: not there",
        (_, null) => $"{table.Path}: not proved, asl-admin rules check says why",
        var (digest, proof) => $"{table.Path} {digest[..12]}, proof {proof[..12]}",
    };
}
