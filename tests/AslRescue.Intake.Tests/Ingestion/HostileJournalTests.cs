using AslRescue.Intake.Ingestion;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Logs;
using AslRescue.Testing;

namespace AslRescue.Intake.Tests.Ingestion;

/// <summary>Journals whose chain is right and whose records no ingest wrote, as they were found by fuzzing: told as damage by whoever would resume them.</summary>
public sealed class HostileJournalTests
{
    private const string Run = "run";
    private static readonly KeyValuePair<string, object>[] Start =
    [
        new("domain", "lab"), new("sources", new[] { "/srv" }), new("started", "2026-11-23T02:00:00Z"), new("one-file-system", false), new("rehash", false),
    ];

    [Fact]
    public void A_journal_of_the_least_that_an_ingest_writes_is_read() => Assert.NotNull(Read(new JournalEntry("run-started") { Fields = Start })());

    [Theory]
    [InlineData("started", "yesterday")]
    [InlineData("one-file-system", "no")]
    [InlineData("rehash", 3L)]
    [InlineData("retries", long.MaxValue)]
    [InlineData("time-budget", long.MaxValue)]
    public void A_beginning_with_a_field_of_another_kind_is_damage(string field, object value) =>
        Refused(Read(new JournalEntry("run-started") { Fields = [.. Start.Append(new("retries", 1L)).Where(pair => pair.Key != field), new(field, value), new("files-are-images", false), new("scrape", true), new("reverse", false), new("image-hash", true)] }));

    [Theory]
    [InlineData("checkpoint", "blocks", "no digest")]
    [InlineData("checkpoint", "checkpoint", "checkpoint-1")]
    [InlineData("sealing", "digest", "no digest")]
    public void A_record_that_names_no_digest_is_damage(string kind, string field, string value) =>
        Refused(Read(new JournalEntry("run-started") { Fields = Start }, new JournalEntry(kind) { Fields = [field == "blocks" ? new(field, new[] { value }) : new(field, value)] }));

    [Theory]
    [InlineData("../../../../../etc/passwd")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    public void A_name_that_leads_out_of_the_runs_folder_is_not_followed(string name)
    {
        using var backend = new MemoryBackend();

        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => new RunLog(backend, "lab", Run).Get(name, Digest.Of([]))).Error.Code);
    }

    private static void Refused(Func<object?> read) => Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(read).Error.Code);

    private static Func<object?> Read(params JournalEntry[] entries)
    {
        var backend = new MemoryBackend();
        var log = new RunLog(backend, "lab", Run);
        var writer = new JournalWriter(Run, "boot", log, TimeProvider.System);
        Array.ForEach(entries, entry => writer.Append(entry));
        return () => (RunJournal.OptionsOf(log), new RunJournal(log, writer, ownsChain: true).Read());
    }
}
