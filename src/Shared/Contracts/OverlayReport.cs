using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Contracts;

/// <summary>In which way a tree differs from the contract.</summary>
public enum OverlayFault
{
    Missing,
    Extra,
    WrongKind,
    WrongMode,
    WrongOwner,
    WrongTarget,

    /// <summary>State, identity or a secret.</summary>
    StateContent,

    /// <summary>A link that leads out of the tree.</summary>
    Escape,

    /// <summary>A unit that may do more or less than its row says.</summary>
    WrongSandbox,
}

/// <summary>
/// One difference between a tree and the contract: the clause that is broken, the path on the target, what is there against
/// what should be, and a command or decision that mends it.
/// </summary>
public sealed record OverlayFinding(string Clause, OverlayFault Fault, string Path, string Why, string Fix)
{
    /// <summary>"wrong-mode": for people and programs alike; for ever.</summary>
    public string FaultWord => Fault switch
    {
        OverlayFault.Missing => "missing",
        OverlayFault.Extra => "extra",
        OverlayFault.WrongKind => "wrong-kind",
        OverlayFault.WrongMode => "wrong-mode",
        OverlayFault.WrongOwner => "wrong-owner",
        OverlayFault.WrongTarget => "wrong-target",
        OverlayFault.StateContent => "state-content",
        OverlayFault.Escape => "escape",
        OverlayFault.WrongSandbox => "wrong-sandbox",
        _ => throw new InvalidOperationException($"no word for {Fault}"),
    };
}

/// <summary>
/// What a check of the tree at <paramref name="Root"/> found, with the number of paths that were held against it. No findings
/// means the tree is what the contract says.
/// </summary>
public sealed record OverlayReport(
    OverlayContract Contract, string Root, int PathsChecked, IReadOnlyList<OverlayFinding> Findings)
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the process ends with.</summary>
    public int ExitCode => Findings.Count == 0 ? ExitCodes.Done : ExitCodes.ContractBroken;

    /// <summary>For a terminal: a line each, with why and how to fix; the verdict last, where the eye is.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Findings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{finding.Clause} {finding.FaultWord}: {Printable.Text(finding.Path)}\n");
            text.Append(CultureInfo.InvariantCulture, $"  why: {Printable.Text(finding.Why)}\n");
            text.Append(CultureInfo.InvariantCulture, $"  fix: {Printable.Text(finding.Fix)}\n");
        }

        var verdict = Findings.Count switch { 0 => "as the contract says", 1 => "1 finding", var many => $"{many} findings" };
        return text.Append(
            CultureInfo.InvariantCulture,
            $"{Printable.Text(Root)}: {PathsChecked} paths, {verdict} ({Printable.Text(Contract.Name)}, sha256 {Contract.Digest})\n").ToString();
    }

    /// <summary>For programs: one object.</summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteString("root", Root);
            json.WriteString("contract", Contract.Name);
            json.WriteString("contractSha256", Contract.Digest);
            json.WriteNumber("pathsChecked", PathsChecked);
            json.WriteNumber("exitCode", ExitCode);
            json.WriteStartArray("findings");
            foreach (var finding in Findings)
            {
                Write(json, finding);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }

    private static void Write(Utf8JsonWriter json, OverlayFinding finding)
    {
        json.WriteStartObject();
        json.WriteString("clause", finding.Clause);
        json.WriteString("fault", finding.FaultWord);
        json.WriteString("path", finding.Path);
        json.WriteString("why", finding.Why);
        json.WriteString("fix", finding.Fix);
        json.WriteEndObject();
    }
}
