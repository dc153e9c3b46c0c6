using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;

namespace AslRescue.Intake.Tests.Fakes;

/// <summary>
/// A store that survives the death of the process that uses it: journals of runs, what was ingested, what was sealed. It holds the sink to
/// its contract (a sequence is only ever stored with one line), and fails when told to.
/// </summary>
internal sealed class FakeBackend : IIngestStep, ISealStep
{
    private readonly Dictionary<string, SortedDictionary<long, byte[]>> _journals = [];
    private readonly Dictionary<string, int> _done = [];
    private readonly Dictionary<(string Run, long Sequence), byte[]> _offered = [];
    private string _run = "";

    /// <summary>How many pieces an ingest has; each is a record of the journal.</summary>
    public int Pieces { get; init; } = 3;

    /// <summary>Snapshots by run.</summary>
    public Dictionary<string, string> Sealed { get; } = [];

    /// <summary>What was sealed with the newest snapshot.</summary>
    public IReadOnlyList<EvidenceItem> Evidence { get; private set; } = [];

    /// <summary>Thrown by the next call of this name: "prepare", "ingest", "piece", "seal", "append", "answer" (the record is stored, but the answer is lost).</summary>
    public Queue<(string Call, Exception Failure)> Faults { get; } = [];

    /// <summary>Before each piece.</summary>
    public Func<CancellationToken, Task>? OnPiece { get; set; }

    /// <summary>The run that Prepare offers instead of the one asked for.</summary>
    public string? Offers { get; set; }

    public long Problems { get; set; }

    /// <summary>Whether the process that would call is dead by now.</summary>
    public Func<bool>? IsDead { get; set; }

    public bool IsOpen { get; private set; }

    public List<string> Calls { get; } = [];

    public IReadOnlyList<string> Sources { get; private set; } = [];

    public byte[] Lines(string run) => _journals.TryGetValue(run, out var lines) ? [.. lines.Values.SelectMany(line => line)] : [];

    public IReadOnlyList<JournalRecord> Records(string run) => new JournalReader(run).Read("backend", Lines(run));

    public Task<PreparedRun> PrepareAsync(
        AttachedBackend backend, string run, IReadOnlyList<string> sources, CancellationToken cancellationToken)
    {
        Call("prepare");
        _run = Offers ?? run;
        (IsOpen, Sources) = (true, sources);
        _journals.TryAdd(_run, []);
        return Task.FromResult(new PreparedRun(_run, new Sink(this, _run), Lines(_run)));
    }

    public async Task IngestAsync(JournalWriter journal, IProgress<ProgressView> progress, CancellationToken cancellationToken)
    {
        Call("ingest");
        Assert.True(IsOpen);
        for (var done = _done.GetValueOrDefault(_run); done < Pieces; done++)
        {
            progress.Report(new ProgressView(done, Pieces, done, 0, "piece"));
            await (OnPiece?.Invoke(cancellationToken) ?? Task.CompletedTask);
            cancellationToken.ThrowIfCancellationRequested();
            Fail("piece");
            _done[_run] = done + 1;
            journal.Append(new JournalEntry("checkpoint") { Fields = [new("pieces", done + 1)] });
        }

        progress.Report(new ProgressView(Pieces, Pieces, Pieces, 0, null));
    }

    public Task<SealEvidence> SealAsync(JournalWriter journal, IReadOnlyList<EvidenceItem> evidence, CancellationToken cancellationToken)
    {
        Call("seal");
        Assert.Equal(Pieces, _done[_run]);
        Assert.Equal(evidence.Select(item => item.Name).Distinct().Count(), evidence.Count);
        if (!Sealed.TryGetValue(_run, out var snapshot))
        {
            journal.Append(new JournalEntry("sealing"));
            Sealed[_run] = snapshot = "snapshot-of-" + _run;
            Evidence = evidence;
        }

        return Task.FromResult(new SealEvidence(snapshot, "root", Problems));
    }

    public Task ReleaseAsync()
    {
        Calls.Add("release");
        IsOpen = false;
        return Task.CompletedTask;
    }

    /// <summary>The process that used it is gone.</summary>
    public void Die()
    {
        IsOpen = false;
        _offered.Clear();
    }

    private void Call(string name)
    {
        Live();
        Calls.Add(name);
        Fail(name);
    }

    private void Live()
    {
        if (IsDead?.Invoke() == true)
        {
            throw new KilledException();
        }
    }

    private void Fail(string call)
    {
        if (Faults.TryPeek(out var fault) && fault.Call == call)
        {
            Faults.Dequeue();
            throw fault.Failure;
        }
    }

    private sealed class Sink(FakeBackend backend, string run) : IJournalSink
    {
        public void Append(long firstSequence, ReadOnlySpan<byte> lines)
        {
            backend.Live();
            Assert.True(backend.IsOpen, "a record went to a backend that was let go");
            if (backend._offered.TryGetValue((run, firstSequence), out var before))
            {
                Assert.Equal(before, lines.ToArray());
            }

            backend._offered[(run, firstSequence)] = lines.ToArray();
            backend.Fail("append");
            var journal = backend._journals[run];
            var rest = lines;
            for (var sequence = firstSequence; !rest.IsEmpty; sequence++)
            {
                var end = rest.IndexOf((byte)'\n') + 1;
                var line = rest[..end].ToArray();
                Assert.True(sequence <= journal.Count + 1, $"record {sequence} after {journal.Count}");
                if (journal.TryGetValue(sequence, out var stored))
                {
                    Assert.Equal(stored, line);
                }

                journal[sequence] = line;
                rest = rest[end..];
            }

            backend.Fail("answer");
        }
    }
}

internal static class Failures
{
    public static AslException Passing(string what = "the disk hiccups") =>
        new(new AslError(ErrorCode.StoreIo, what) { Fix = "wait", IsPermanent = false });

    public static AslException Lasting(string what = "the source is refused") =>
        new(new AslError(ErrorCode.SourceRefused, what) { Fix = "take another" });

    public static AslException Full() =>
        new(new AslError(ErrorCode.StoreIo, "the backend is full") { Why = "No space left on device (28)", Fix = "make room", IsPermanent = false });
}

/// <summary>The process is killed here: nothing may catch it.</summary>
internal sealed class KilledException : Exception;
