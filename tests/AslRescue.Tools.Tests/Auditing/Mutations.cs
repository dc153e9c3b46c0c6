using System.Text;
using System.Text.Json.Nodes;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>A way to alter evidence. Gives null where what was drawn would change nothing.</summary>
/// <param name="Name">For the table of counts.</param>
/// <param name="IsData">Whether it alters blocks or segments, whose bytes are for <c>verify --data</c> to look at.</param>
/// <param name="Apply">Makes an altered copy.</param>
internal sealed record Mutation(string Name, bool IsData, Func<SealedEvidence, Random, IReadOnlyDictionary<string, byte[]>?> Apply)
{
    /// <summary>Whether it takes the domain's key to find it: what is left agrees with itself.</summary>
    public bool NeedsKey { get; init; }
}

/// <summary>Every kind of alteration: of bytes by accident, of lines by hand, of meaning by somebody who makes all hashes right again.</summary>
internal static class Mutations
{
    internal static readonly Mutation[] All =
    [
        Bytes("journal: a bit flipped", Journals, Flip),
        Bytes("journal: a file cut off", Journals, Cut),
        Bytes("journal: bytes appended", Journals, (bytes, random) => [.. bytes, .. Noise(random)]),
        Bytes("journal: bytes inserted", Journals, Insert),
        Files("journal: a file removed", Journals, (files, names, random) => files.Remove(Pick(names, random))),
        Files("journal: two files exchanged", Journals, Exchange),
        Files("journal: a file under another number", Journals, Rename),
        Files("journal: a file of another run", Journals, Splice),
        Lines("line: removed, chain as it was", (lines, random) => lines.RemoveAt(random.Next(lines.Count - 1))),
        Lines("line: twice", (lines, random) => lines.Insert(random.Next(lines.Count), lines[random.Next(lines.Count)])),
        Lines("line: two exchanged", (lines, random) => { var i = random.Next(lines.Count - 1); (lines[i], lines[i + 1]) = (lines[i + 1], lines[i]); }),
        Chained("line: changed, and all hashes behind it", Retouch),
        Chained("line: removed, and all hashes behind it", (forger, random) => forger.Lines.RemoveAt(random.Next(forger.Lines.Count))),
        Chained("line: invented, and all hashes behind it", (forger, random) => forger.Lines.Insert(random.Next(forger.Lines.Count), Parsed(forger.Lines[random.Next(forger.Lines.Count)]))),
        Bytes("seal: a bit flipped", Seals, Flip),
        Files("seal: the first removed", Seals, (files, names, _) => files.Remove(names[0])),
        Files("seals exchanged", Seals, Exchange),
        Bytes("snapshot: a bit flipped", files => Below(files, "snapshots/"), Flip),
        Files("snapshot: removed", files => Below(files, "snapshots/"), (files, names, random) => files.Remove(Pick(names, random))),
        Files("snapshots exchanged", files => Below(files, "snapshots/"), Exchange),
        Bytes("signature: a bit flipped", files => Below(files, "signatures/"), Flip),
        Bytes("checkpoint: a bit of what it states flipped", Notes, FlipStated),
        Files("checkpoint: of another run", Notes, Exchange),
        Files("checkpoint: removed, found by the key", Notes, (files, names, random) => files.Remove(Pick(names, random))) with { NeedsKey = true },
        Files("checkpoint: a bit of a signature flipped, found by the key", Notes, (files, names, random) => { var one = Pick(names, random); files[one] = FlipSigned(files[one], random); }) with { NeedsKey = true },
        Files("seal and snapshot: the last removed", Seals, (files, names, _) => { files.Remove(names[^1]); }),
        Forged("forgery: another transition", ForgeTransition),
        Forged("forgery: a transition left out", (forger, random) => forger.Lines.Remove(Pick([.. forger.OfKind("transition")], random))),
        Forged("forgery: no approval", SkipApproval),
        Forged("forgery: an approval of something else", (forger, random) => forger.Rewrite("approval", text => Reworded(text, "request", Hex(random)))),
        Forged("forgery: an approval of another boot", (forger, random) => forger.Rewrite("approval", text => Reworded(text, "boot", Hex(random)))),
        Forged("forgery: an approval by nobody who may", (forger, random) => forger.Rewrite("approval", text => Reworded(text, "by", Hex(random)))),
        Forged("forgery: an approval carried from nowhere", (forger, random) => forger.Rewrite("approval", text => Reworded(Reworded(text, "by", "carried"), "because", $"request {Hex(random)} of run elsewhere, approved by operator"))),
        Forged("forgery: configuration for what a person must approve", (forger, _) => forger.Rewrite("approval", text => Reworded(text, "by", "configuration"))),
        Forged("forgery: a decision that poses as a command", (forger, _) => forger.Rewrite("decision", text => Reworded(text.Replace("\"mode\": \"local\"", "\"mode\": \"remote\"", StringComparison.Ordinal), "command", "x"))),
        Forged("forgery: behind the seal, found by the key", (forger, random) => Retouched(forger.Lines[^1], random)) with { NeedsKey = true },
        Forged("forgery: an approval by configuration", (forger, _) => { Distrust(forger); forger.Rewrite("approval", text => Reworded(text, "by", "configuration")); }),
        Forged("forgery: another backend attached", (forger, random) => forger.Rewrite("attach", text => Reworded(text, "location", "/elsewhere/" + Hex(random)))),
        Forged("forgery: another decision", ForgeDecision),
        Forged("forgery: another table", ForgeTable),
        Forged("forgery: another contract", ForgeContract),
        Data("block: a bit flipped", "blocks/", Flip),
        Data("block: cut off", "blocks/", Cut),
        Data("segment: a bit flipped", "segments/", Flip),
        Data("segment: cut off", "segments/", Cut),
    ];

    private static Mutation Bytes(string name, Func<IReadOnlyDictionary<string, byte[]>, List<string>> choose, Func<byte[], Random, byte[]> alter) =>
        Files(name, choose, (files, names, random) => { var one = Pick(names, random); files[one] = alter(files[one], random); });

    private static Mutation Files(string name, Func<IReadOnlyDictionary<string, byte[]>, List<string>> choose, Action<Dictionary<string, byte[]>, List<string>, Random> alter) =>
        new(name, IsData: false, (evidence, random) => Altered(evidence, choose, alter, random));

    private static Mutation Data(string name, string folder, Func<byte[], Random, byte[]> alter) => new(name, IsData: true, (evidence, random) =>
        Altered(evidence, files => Below(files, folder), (files, names, chance) => { var one = Pick(names, chance); files[one] = alter(files[one], chance); }, random));

    private static Dictionary<string, byte[]>? Altered(
        SealedEvidence evidence, Func<IReadOnlyDictionary<string, byte[]>, List<string>> choose, Action<Dictionary<string, byte[]>, List<string>, Random> alter, Random random)
    {
        var files = new Dictionary<string, byte[]>(evidence.Files, StringComparer.Ordinal);
        alter(files, choose(files), random);
        return IsSame(files, evidence.Files) ? null : files;
    }

    private static Mutation Lines(string name, Action<List<byte[]>, Random> alter) => new(name, IsData: false, (evidence, random) =>
    {
        var run = random.Next(2) == 0 ? evidence.First : evidence.Second;
        var files = new Dictionary<string, byte[]>(evidence.Files, StringComparer.Ordinal);
        var names = Forger.JournalFiles(files, run).ToList();
        List<byte[]> lines = [.. names.SelectMany(file => Encoding.Latin1.GetString(files[file]).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => Encoding.Latin1.GetBytes(line + "\n"))];
        alter(lines, random);
        names.ForEach(file => files.Remove(file));
        files[$"{SealedEvidence.Folder(run)}/0000000001"] = [.. lines.SelectMany(line => line)];
        return files;
    });

    private static Mutation Chained(string name, Action<Forger, Random> alter) => new(name, IsData: false, (evidence, random) =>
    {
        var forger = new Forger(evidence.Files, random.Next(2) == 0 ? evidence.First : evidence.Second);
        alter(forger, random);
        return forger.ChainOnly();
    });

    private static Mutation Forged(string name, Action<Forger, Random> alter) => new(name, IsData: false, (evidence, random) =>
    {
        var forger = new Forger(evidence.Files, evidence.First);
        alter(forger, random);
        return forger.Complete();
    });

    private static void Retouch(Forger forger, Random random)
    {
        var line = Pick(forger.Lines, random);
        line["wall"] = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next()).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void Retouched(JsonObject line, Random random) => line["reason"] = Hex(random);

    private static byte[] FlipSigned(byte[] bytes, Random random)
    {
        byte[] flipped = [.. bytes];
        var start = bytes.AsSpan().IndexOf("\n\n"u8) + 2;
        flipped[random.Next(start, bytes.Length - 1)] ^= (byte)(1 << random.Next(7));
        return flipped;
    }

    private static void ForgeTransition(Forger forger, Random random)
    {
        string[] states = ["Detecting", "AwaitingApproval", "AttachingLocal", "AttachingRemote", "Ingesting", "Retrying", "Sealed", "Halted"];
        var line = Pick([.. forger.OfKind("transition")], random);
        var field = Pick(["from", "to"], random);
        line[field] = Pick([.. states.Where(state => state != Forger.Text(line, field))], random);
    }

    private static void SkipApproval(Forger forger, Random random)
    {
        forger.Lines.Remove(forger.Document("approval"));
        foreach (var line in forger.OfKind("transition").Where(_ => random.Next(2) == 0).Append(forger.Transition("approved-local")))
        {
            line["evidence"] = new JsonArray([.. line["evidence"]!.AsArray().Select(item => item!.GetValue<string>())
                .Where(item => !item.StartsWith("approval:", StringComparison.Ordinal)).Select(item => (JsonNode)item)]);
        }
    }

    private static void Distrust(Forger forger) => forger.Rewrite("request", text => text.Replace("\"isTrusted\":true", "\"isTrusted\":false", StringComparison.Ordinal));

    private static void ForgeDecision(Forger forger, Random random) => forger.Rewrite("decision", text => Pick<Func<string>>(
    [
        () => text.Replace("\"mode\": \"local\"", "\"mode\": \"remote\"", StringComparison.Ordinal),
        () => text.Replace("\"row\": \"auto-local-ask\"", "\"row\": \"local-ask\"", StringComparison.Ordinal),
        () => text.Replace("\"approval\": \"required\"", "\"approval\": \"config\"", StringComparison.Ordinal),
        () => text.Replace("\"localBackend\": \"ready\"", "\"localBackend\": \"import\"", StringComparison.Ordinal),
        () => text.Replace("\"value\": \"usable\"", $"\"value\": \"{Pick(["missing", "read-only", "unknown", "volatile"], random)}\"", StringComparison.Ordinal),
    ], random)());

    /// <summary>A row that is changed or missing: then some world has no row or two, or this one has another.</summary>
    private static void ForgeTable(Forger forger, Random random) => forger.Rewrite("table", text =>
    {
        var rows = text.Split("\n[[").ToList();
        var index = 1 + random.Next(rows.Count - 1);
        while (!rows[index].StartsWith("local.row", StringComparison.Ordinal) && !rows[index].StartsWith("mode.row", StringComparison.Ordinal))
        {
            index = 1 + random.Next(rows.Count - 1);
        }

        if (random.Next(2) == 0)
        {
            rows.RemoveAt(index);
        }
        else
        {
            rows.Insert(index, rows[index].Replace("id = \"", "id = \"again-", StringComparison.Ordinal));
        }

        return string.Join("\n[[", rows);
    });

    private static void ForgeContract(Forger forger, Random random)
    {
        string[] used = [.. forger.OfKind("transition").Select(line => Forger.Text(line, "clause")!)];
        var clause = Pick(used, random);
        forger.Rewrite("contract", text => Pick<Func<string>>(
        [
            () => text.Replace($"id = \"{clause}\"", "id = \"IN-99\"", StringComparison.Ordinal),
            () => text.Replace($"id = \"{clause}\"\nfrom = \"", $"id = \"{clause}\"\nfrom = \"Retrying\" # \"", StringComparison.Ordinal),
            () => text.Replace($"id = \"{clause}\"", $"id = \"{clause}\"\nid = \"{clause}\"", StringComparison.Ordinal),
        ], random)());
    }

    private static List<string> Journals(IReadOnlyDictionary<string, byte[]> files) => [.. files.Keys.Where(name => name.Contains("/runs/", StringComparison.Ordinal) && name[(name.LastIndexOf('/') + 1)..].All(char.IsAsciiDigit))];

    private static List<string> Seals(IReadOnlyDictionary<string, byte[]> files) => [.. files.Keys.Where(name => name.Contains("/seals/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static List<string> Notes(IReadOnlyDictionary<string, byte[]> files) => [.. files.Keys.Where(name => name.Contains("/note-", StringComparison.Ordinal))];

    private static List<string> Below(IReadOnlyDictionary<string, byte[]> files, string folder) => [.. files.Keys.Where(name => name.StartsWith(folder, StringComparison.Ordinal))];

    private static byte[] Flip(byte[] bytes, Random random)
    {
        byte[] flipped = [.. bytes];
        flipped[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    /// <summary>What lies below the empty line are signatures, which nobody looks at without a key.</summary>
    private static byte[] FlipStated(byte[] bytes, Random random)
    {
        byte[] flipped = [.. bytes];
        flipped[random.Next(bytes.AsSpan().IndexOf("\n\n"u8) + 2)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    private static byte[] Cut(byte[] bytes, Random random) => bytes[..random.Next(bytes.Length)];

    private static byte[] Insert(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        return [.. bytes[..at], .. Noise(random), .. bytes[at..]];
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[1 + random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Exchange(Dictionary<string, byte[]> files, List<string> names, Random random)
    {
        var (first, second) = (Pick(names, random), Pick(names, random));
        (files[first], files[second]) = (files[second], files[first]);
    }

    private static void Rename(Dictionary<string, byte[]> files, List<string> names, Random random)
    {
        var name = Pick(names, random);
        var other = $"{name[..(name.LastIndexOf('/') + 1)]}{random.Next(1, 200):D10}";
        if (other != name)
        {
            files[other] = files[name];
            files.Remove(name);
        }
    }

    private static void Splice(Dictionary<string, byte[]> files, List<string> names, Random random)
    {
        var (from, to) = (Pick(names, random), Pick(names, random));
        if (Path.GetDirectoryName(from) != Path.GetDirectoryName(to))
        {
            files[to] = files[from];
        }
    }

    private static string Reworded(string text, string field, string value)
    {
        var document = JsonNode.Parse(text)!.AsObject();
        document[field] = value;
        return document.ToJsonString();
    }

    private static JsonObject Parsed(JsonObject line) => JsonNode.Parse(line.ToJsonString())!.AsObject();

    private static string Hex(Random random) => random.GetHexString(64, lowercase: true);

    private static T Pick<T>(IReadOnlyList<T> list, Random random) => list[random.Next(list.Count)];

    private static bool IsSame(Dictionary<string, byte[]> files, IReadOnlyDictionary<string, byte[]> original) =>
        files.Count == original.Count && files.All(file => original.TryGetValue(file.Key, out var bytes) && bytes.AsSpan().SequenceEqual(file.Value));
}
