using AslRescue.Audit;
using AslRescue.Audit.Files;
using AslRescue.Audit.Journals;
using AslRescue.Audit.Notes;
using AslRescue.Audit.Report;
using AslRescue.Audit.Rules;
using AslRescue.Audit.Seals;

namespace AslRescue.Fuzz.Targets;

/// <summary>What the auditor's verifier reads: copied files that anybody may have altered.</summary>
internal static class AuditTargets
{
    private const string Key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    internal static IEnumerable<FuzzTarget> All =>
    [
        new("audit-journal", bytes => JournalCopy.Read("journal", "", isLocal: bytes.Length % 2 == 0, [new JournalPiece("0000000001", 1, bytes)])) { Seeds = () => Fixtures.Objects("runs/") },
        new("audit-replay", Replay) { BytesFixed = 64 << 20, BytesPerByte = 64 << 10, Seeds = LogTargets.Records },
        new("audit-seal", Seal) { BytesFixed = 16 << 20, Seeds = () => Fixtures.Objects("seals/") },
        new("audit-snapshot", bytes => SealedSnapshot.Read(bytes)) { Seeds = () => Fixtures.Objects("snapshots/") },
        new("audit-note", ReadNote) { InputBytesMax = 2 << 10, Seeds = () => [("signed", System.Text.Encoding.UTF8.GetBytes($"aslrescue/lab/run\n7\n{Convert.ToBase64String(new byte[32])}\n\n— aslrescue/lab {Convert.ToBase64String(new byte[68])}\n"))] },
        new("audit-rules", ReadRules) { BytesFixed = 64 << 20, BytesPerByte = 64 << 10, InputBytesMax = 12 << 10, Seeds = () => Fixtures.Files("rules", "*.toml", 64 << 10).Where(file => !file.Name.StartsWith("overlay", StringComparison.Ordinal) && !file.Name.StartsWith("mapping", StringComparison.Ordinal)) },
        new("audit-key", bytes => AuditKey.TryParse(System.Text.Encoding.Latin1.GetString(bytes))) { InputBytesMax = 256, Seeds = () => [("hex", System.Text.Encoding.ASCII.GetBytes(Key)), ("verifier", "asl-backend/x+01020304+BAAA"u8.ToArray())] },
    ];

    /// <summary>A journal whose hashes are right and whose content is anything: gone through to its end, and put on a page.</summary>
    private static void Replay(byte[] bytes)
    {
        var bundle = new EvidenceBundle();
        bundle.AddFiles([("0000000001", LogTargets.Chained(bytes))]);
        var result = AuditResult.Replay(bundle, AuditTrust.None);
        FuzzTarget.Holds(result.Standing != Standing.Holds, "a journal that nothing vouches for holds");
        var page = new HtmlReport(result, new Dictionary<string, IReadOnlyList<DamageMap>>(), "x", default).Write();
        FuzzTarget.Holds(!page.Contains("<script", StringComparison.OrdinalIgnoreCase), "a page that runs a script");
    }

    private static void Seal(byte[] bytes)
    {
        var chain = SealChain.Read(new OneFile("logs/lab/seals/0000000001", bytes), "lab", "logs/lab/");
        FuzzTarget.Holds(chain.Findings.Count > 0, "a seal without its snapshot holds");
    }

    private static void ReadNote(byte[] bytes)
    {
        if (Note.Read("note", bytes).Note is { } note)
        {
            FuzzTarget.Holds(note.Signatures.All(signature => AuditKey.TryParse(Key)!.Signed(note, signature) is null), "a note that nobody signed is signed");
        }
    }

    private static void ReadRules(byte[] bytes)
    {
        _ = RecordedContract.Read(bytes);
        if (RecordedTable.Read(bytes).Table is { } table)
        {
            _ = table.Mode.Hits(new Dictionary<string, string>());
        }
    }

    private sealed class OneFile(string name, byte[] bytes) : IEvidenceFiles
    {
        public string Place => "copy";

        public IReadOnlyList<string> List(string folder) => name.StartsWith(folder + "/", StringComparison.Ordinal) ? [name[(folder.Length + 1)..].Split('/')[0]] : [];

        public byte[]? Read(string asked, long bytesMax) => asked == name ? bytes : null;
    }
}
