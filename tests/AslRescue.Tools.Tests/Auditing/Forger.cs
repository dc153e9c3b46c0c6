using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AslRescue.Shared;
using AslRescue.Shared.Journal;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;

namespace AslRescue.Tools.Tests.Auditing;

/// <summary>
/// Somebody who can write to the whole store and knows its format: alters a run's journal, then makes every hash right again: those of documents and of
/// all that names them, the chain, the snapshot and its evidence, the seals, the checkpoint. Only signatures are beyond him.
/// </summary>
internal sealed class Forger
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly IReadOnlyDictionary<string, byte[]> _files;
    private readonly string _run;

    internal Forger(IReadOnlyDictionary<string, byte[]> files, string run)
    {
        (_files, _run) = (files, run);
        Lines = [.. JournalFiles(files, run).SelectMany(name => Encoding.UTF8.GetString(files[name]).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    /// <summary>The records, to be altered at will: added, removed, moved, changed.</summary>
    internal List<JsonObject> Lines { get; }

    internal static IEnumerable<string> JournalFiles(IReadOnlyDictionary<string, byte[]> files, string run) =>
        files.Keys.Where(name => name.StartsWith(SealedEvidence.Folder(run) + "/0", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    internal IEnumerable<JsonObject> OfKind(string kind) => Lines.Where(line => Text(line, "kind") == kind);

    internal JsonObject Document(string name) => OfKind("evidence").First(line => Text(line, "name") == name);

    internal JsonObject Transition(string trigger) => OfKind("transition").First(line => Text(line, "trigger") == trigger);

    /// <summary>Changes the text of a document; what names it follows.</summary>
    internal void Rewrite(string document, Func<string, string> change)
    {
        var line = Document(document);
        var text = Text(line, "text")!;
        var changed = change(text);
        Assert.NotEqual(text, changed);
        line["text"] = changed;
    }

    /// <summary>Only the records' own chain is made right: what a seal or a checkpoint says of them is not.</summary>
    internal Dictionary<string, byte[]> ChainOnly() => WithJournal(new(_files.ToDictionary(), StringComparer.Ordinal), Chain());

    /// <summary>Everything is made right.</summary>
    internal Dictionary<string, byte[]> Complete()
    {
        SettleDocuments();
        Chain();
        var files = new Dictionary<string, byte[]>(_files, StringComparer.Ordinal);
        if (OfKind("sealing").Any())
        {
            Reseal(files);
        }

        var lines = Chain();
        WithJournal(files, lines);
        foreach (var note in files.Keys.Where(name => name.StartsWith(SealedEvidence.Folder(_run) + "/note-", StringComparison.Ordinal)).ToList())
        {
            files.Remove(note);
        }

        var tree = new JournalTree();
        tree.AddLines(lines);
        files[$"{SealedEvidence.Folder(_run)}/note-{tree.Size:D10}-forged"] =
            JournalNote.Compose(JournalNote.Body(JournalNote.Origin(SealedEvidence.Domain, _run), tree.Size, tree.Root()), []);
        return files;
    }

    internal static string? Text(JsonObject line, string field) => line[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Documents get the digests of their bytes, and all that names the old one names the new one, until nothing changes.</summary>
    private void SettleDocuments()
    {
        for (var isSettled = false; !isSettled;)
        {
            isSettled = true;
            foreach (var line in OfKind("evidence").Where(line => Text(line, "text") is not null).ToList())
            {
                var (old, made) = (Text(line, "sha256")!, Digest.Of(Encoding.UTF8.GetBytes(Text(line, "text")!)).ToString());
                if (old != made)
                {
                    isSettled = false;
                    for (var index = 0; index < Lines.Count; index++)
                    {
                        Lines[index] = JsonNode.Parse(Lines[index].ToJsonString(Plain).Replace(old, made, StringComparison.Ordinal))!.AsObject();
                    }

                    break;
                }
            }
        }
    }

    private byte[] Chain()
    {
        var (bytes, previous) = (new List<byte>(), default(Digest));
        for (var index = 0; index < Lines.Count; index++)
        {
            Lines[index]["sequence"] = index + 1;
            Lines[index]["previous"] = previous.ToString();
            var fields = Lines[index].Where(pair => pair.Key != "hash").Select(pair => KeyValuePair.Create(pair.Key, (object)JsonSerializer.SerializeToElement(pair.Value, Plain)));
            var (line, hash) = JournalLine.Write(fields);
            Lines[index]["hash"] = hash.ToString();
            bytes.AddRange(line);
            previous = hash;
        }

        return [.. bytes];
    }

    private Dictionary<string, byte[]> WithJournal(Dictionary<string, byte[]> files, byte[] lines)
    {
        foreach (var name in JournalFiles(files, _run).ToList())
        {
            files.Remove(name);
        }

        files[$"{SealedEvidence.Folder(_run)}/0000000001"] = lines;
        return files;
    }

    private void Reseal(Dictionary<string, byte[]> files)
    {
        var seals = files.Keys.Where(name => name.Contains("/seals/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var own = seals.Single(name => Encoding.UTF8.GetString(files[name]).Contains(_run, StringComparison.Ordinal));
        var old = JsonNode.Parse(files[own])!["snapshot"]!.GetValue<string>();
        var snapshot = SnapshotCodec.Decode(old, files[$"snapshots/{old}"]);
        var sealing = OfKind("sealing").First();
        var documents = Lines.TakeWhile(line => line != sealing).Where(line => Text(line, "kind") == "evidence").ToList();
        var counts = documents.CountBy(line => Text(line, "name")!).ToDictionary();
        var forged = SnapshotCodec.Encode(snapshot with
        {
            Journal = ((long)sealing["sequence"]!.GetValue<int>(), Digest.Parse(Text(sealing, "hash"))),
            Evidence =
            [
                .. documents.Select(line => new Evidence(counts[Text(line, "name")!] == 1 ? Text(line, "name")! : $"{Text(line, "name")}-{Text(line, "sha256")![..8]}", Encoding.UTF8.GetBytes(Text(line, "text")!)))
                    .Concat(snapshot.Evidence.Where(evidence => evidence.Name == "contract-proof")).DistinctBy(evidence => evidence.Name).OrderBy(evidence => evidence.Name, StringComparer.Ordinal),
            ],
        });
        var name = Digest.Of(forged).ToString();
        files.Remove($"snapshots/{old}");
        files[$"snapshots/{name}"] = forged;
        foreach (var line in Lines.Where(line => line.ToJsonString().Contains(old, StringComparison.Ordinal)).ToList())
        {
            Lines[Lines.IndexOf(line)] = JsonNode.Parse(line.ToJsonString(Plain).Replace(old, name, StringComparison.Ordinal))!.AsObject();
        }

        SettleDocuments();
        ChainSeals(files, seals, old, name);
    }

    private static void ChainSeals(Dictionary<string, byte[]> files, List<string> seals, string old, string name)
    {
        var previous = default(Digest);
        foreach (var seal in seals)
        {
            var line = JsonNode.Parse(Encoding.UTF8.GetString(files[seal]).Replace(old, name, StringComparison.Ordinal))!.AsObject();
            line["previous"] = previous.ToString();
            (files[seal], previous) = JournalLine.Write(line.Where(pair => pair.Key != "hash").Select(pair => KeyValuePair.Create(pair.Key, (object)JsonSerializer.SerializeToElement(pair.Value, Plain))));
        }
    }
}
