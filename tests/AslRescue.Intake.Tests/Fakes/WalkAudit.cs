using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>
/// What an auditor does who has only the lines of a journal and the words of the contract: chain, clauses, evidence, approvals. Nothing of the
/// code under test is used.
/// </summary>
internal sealed class WalkAudit(string run, TimeSpan expiry)
{
    private readonly Dictionary<string, JsonElement> _evidence = [];
    private readonly Dictionary<string, long> _given = [];
    private readonly HashSet<string> _asked = [];
    private readonly HashSet<string> _used = [];
    private string _previous = new('0', 64);
    private long _sequence;
    private string? _standing;

    /// <summary>Where the records lead.</summary>
    public string State { get; private set; } = "Detecting";

    /// <summary>How often each clause let the machine through.</summary>
    public Dictionary<string, int> Clauses { get; } = [];

    public int Transitions { get; private set; }

    /// <summary>Refused requests, by their answer.</summary>
    public Dictionary<string, int> Refusals { get; } = [];

    public void Read(IEnumerable<byte[]> lines)
    {
        foreach (var line in lines)
        {
            using var document = JsonDocument.Parse(line);
            var record = document.RootElement;
            CheckChain(line, record);
            switch (Text(record, "kind"))
            {
                case "evidence":
                    Keep(record);
                    break;
                case "transition":
                    CheckTransition(record);
                    break;
                case "refused":
                    CheckRefusal(record);
                    break;
                default:
                    break;
            }
        }
    }

    private void CheckChain(byte[] line, JsonElement record)
    {
        var hash = Text(record, "hash");
        Equal(Convert.ToHexStringLower(SHA256.HashData(line.AsSpan(0, line.Length - $",\"hash\":\"{hash}\"}}\n".Length))), hash);
        Equal(_previous, Text(record, "previous"));
        Equal(++_sequence, record.GetProperty("sequence").GetInt64());
        Equal(run, Text(record, "run"));
        _previous = hash;
    }

    private void Keep(JsonElement record)
    {
        var bytes = Encoding.UTF8.GetBytes(Text(record, "text"));
        Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), Text(record, "sha256"));
        using var document = JsonDocument.Parse(bytes);
        var name = $"{Text(record, "name")}:{Text(record, "sha256")}";
        _evidence[name] = document.RootElement.Clone();
        _given.TryAdd(name, record.GetProperty("monotonic").GetInt64());
    }

    private void CheckTransition(JsonElement record)
    {
        var (from, trigger, to, clause) = (Text(record, "from"), Text(record, "trigger"), Text(record, "to"), Text(record, "clause"));
        string[] evidence = [.. record.GetProperty("evidence").EnumerateArray().Select(one => one.GetString()!)];
        Equal(State, from);
        Transitions++;
        Clauses[clause] = Clauses.GetValueOrDefault(clause) + 1;
        State = to;
        if (clause == "IN-00")
        {
            True(trigger == "violated" && to == "Halted" && from is not ("Sealed" or "Halted"), "IN-00 only halts");
            return;
        }

        var row = ContractText.Find(from, trigger) ?? throw new InvalidOperationException($"no clause for {trigger} in {from}");
        Equal(row.Id, clause);
        Equal(row.To, to);
        True(evidence.All(_evidence.ContainsKey), "a transition names evidence that is not in the journal");
        True(row.Requires.All(name => evidence.Any(one => one.StartsWith(name + ":", StringComparison.Ordinal))), $"{clause} lacks evidence");
        CheckEvidence(record, evidence, to);
        if (to is "AttachingLocal" or "AttachingRemote" or "Ingesting" or "Sealed")
        {
            True(evidence.Any(one => one.StartsWith("approval:", StringComparison.Ordinal)), $"{to} was entered without an approval");
        }
    }

    private void CheckEvidence(JsonElement record, string[] evidence, string to)
    {
        foreach (var name in evidence)
        {
            var (kind, digest) = (name.Split(':')[0], name.Split(':')[1]);
            if (kind == "request" && to == "AwaitingApproval")
            {
                Equal(run, Text(_evidence[name], "run"));
                True(_asked.Add(digest), "a request was asked about twice");
                _standing = digest;
            }
            else if (kind == "request")
            {
                Equal(_standing, digest);
            }
            else if (kind == "approval")
            {
                CheckApproval(record, name, to);
            }
            else if (kind == "attach")
            {
                var request = _evidence["request:" + _standing];
                Equal(Text(request, "kind"), Text(_evidence[name], "kind"));
                Equal(Text(request, "kind") == "remote" ? Text(request, "endpoint") : Text(request, "directory"), Text(_evidence[name], "location"));
            }
        }
    }

    private void CheckApproval(JsonElement record, string name, string to)
    {
        var approval = _evidence[name];
        var request = _evidence["request:" + _standing];
        Equal(_standing, Text(approval, "request"));
        Equal(Text(record, "boot"), Text(approval, "boot"));
        True(_used.Contains(name) || record.GetProperty("monotonic").GetInt64() - _given[name] <= expiry.Ticks * 100, "an expired approval was used");
        if (to is "AttachingLocal" or "AttachingRemote")
        {
            Equal(to == "AttachingRemote", Text(request, "kind") == "remote");
            _used.Add(name);
        }
    }

    private void CheckRefusal(JsonElement record)
    {
        Equal(State, Text(record, "state"));
        var isKnown = ContractText.Find(State, Text(record, "what")) is not null || (Text(record, "what") == "violated" && State is not ("Sealed" or "Halted"));
        var answer = Text(record, "refusal");
        Equal(isKnown ? "guard-failed" : "no-such-transition", answer);
        True(Text(record, "reason").Length > 10 && Text(record, "by").Length > 0, "a refusal says why, and whose request it was");
        Refusals[answer] = Refusals.GetValueOrDefault(answer) + 1;
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    // xunit's own assertions take longer than all the rest.
    private static void Equal<T>(T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            Assert.Equal(expected, actual);
        }
    }

    private static void True(bool holds, string otherwise)
    {
        if (!holds)
        {
            Assert.Fail(otherwise);
        }
    }
}
