namespace AslRescue.Audit.Rules;

/// <summary>A clause of the recorded contract.</summary>
/// <param name="Id">"IN-05".</param>
/// <param name="From">The state in which it applies.</param>
/// <param name="Trigger">What must happen.</param>
/// <param name="To">Where that leads.</param>
/// <param name="Requires">The evidence that the transition must name.</param>
/// <param name="Text">The sentence.</param>
public sealed record RecordedClause(string Id, string From, string Trigger, string To, IReadOnlyList<string> Requires, string Text);

/// <summary>rules/intake.toml as it stands in a journal.</summary>
/// <param name="Clauses">In the order of the file.</param>
/// <param name="Digest">SHA-256 of the file.</param>
public sealed record RecordedContract(IReadOnlyList<RecordedClause> Clauses, string Digest)
{
    /// <summary>Reads one, or says why it is none.</summary>
    public static (RecordedContract? Contract, string Why) Read(byte[] bytes)
    {
        var (parts, why) = TomlText.Read(bytes);
        if (why is not null)
        {
            return (null, why);
        }

        List<RecordedClause> clauses = [];
        foreach (var part in parts.Where(part => part.Header == "clause"))
        {
            if (part.Text("id") is not { } id || part.Text("from") is not { } from || part.Text("trigger") is not { } trigger || part.Text("to") is not { } to)
            {
                return (null, $"clause {clauses.Count + 1} has no id, from, trigger or to");
            }

            if (clauses.Any(one => one.Id == id || (one.From == from && one.Trigger == trigger)))
            {
                return (null, $"clause {id} stands there twice, or another one has its state and trigger");
            }

            clauses.Add(new RecordedClause(id, from, trigger, to, part.Texts("requires"), part.Text("text") ?? ""));
        }

        return parts[0].Text("format") == "1" ? (new RecordedContract(clauses, Sha.Of(bytes)), "") : (null, "it is not of format 1");
    }
}
