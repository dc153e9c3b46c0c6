using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AslRescue.Backend.Access;
using AslRescue.Backend.Serving;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;
using AslRescue.Store.Logs;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Objects;

/// <summary>POST of checkpoints: the server signs, as a witness, that it holds the journal that a checkpoint states, and since when.</summary>
/// <param name="store">The store.</param>
/// <param name="witness">What it signs with; null when it signs nothing.</param>
/// <param name="time">The clock that it vouches by.</param>
internal sealed class CosignRequests(ArtifactStore store, Witness? witness, TimeProvider time)
{
    /// <summary>One record a block of 32 MiB, roughly: 3 TiB.</summary>
    private const long RecordsMax = 100_000;

    /// <summary>Answers one.</summary>
    internal async Task AnswerAsync(HttpContext context)
    {
        if (context.RawBelow("/v1/cosign/")?.Split('/') is not [var domain, var run] || !ObjectPath.IsPart(domain) || !ObjectPath.IsPart(run))
        {
            await Problems.WriteAsync(context, Problems.Invalid("the path is not that of a run: /v1/cosign/DOMAIN/RUN"));
            return;
        }

        var caller = context.Caller();
        if (caller.Role == PeerRole.Read || !caller.MayUse(domain))
        {
            await Problems.WriteAsync(context, Permissions.Forbidden(caller, caller.Role == PeerRole.Read ? "the role read has nothing cosigned" : $"{domain} is no domain of this client"));
            return;
        }

        if (witness is null)
        {
            await Problems.WriteAsync(context, Problems.Invalid("this server cosigns nothing"), StatusCodes.Status404NotFound);
            return;
        }

        if (await FolderRequests.ReadJsonAsync(context) is not { } body)
        {
            return;
        }

        if (CheckpointOf(body, domain, run) is not var (checkpoint, size, root))
        {
            await Problems.WriteAsync(context, Problems.Invalid($"the body is not {{\"checkpoint\":…}} with three lines: {JournalNote.Origin(domain, run)}, a number, a root in base64"));
            return;
        }

        if (await Task.Run(() => WhyNot(domain, run, size, root, context.RequestAborted), context.RequestAborted) is { } refusal)
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        await FolderRequests.SendAsync(context, RemoteWire.WriteCosignature(witness.Cosign(checkpoint, time.GetUtcNow())));
    }

    /// <summary>The checkpoint that a body holds, and what it states; null when it holds none of this run.</summary>
    internal static (byte[] Checkpoint, long Size, byte[] Root)? CheckpointOf(JsonElement body, string domain, string run)
    {
        try
        {
            var checkpoint = Encoding.UTF8.GetBytes(RemoteWire.ReadCheckpoint(body));
            return JournalNote.ReadBody(checkpoint, JournalNote.Origin(domain, run)) is var (size, root) ? (checkpoint, size, root) : null;
        }
        catch (Exception failure) when (failure is KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Null when the store holds exactly these records of the run, chained; it may hold more.</summary>
    internal AslError? WhyNot(string domain, string run, long size, byte[] root, CancellationToken stop)
    {
        var tree = new JournalTree();
        var reader = new JournalReader(run);
        var before = new Queue<(long Size, byte[] Root)>(Notes(domain, run).OrderBy(note => note.Size));
        foreach (var sequence in store.Backend.ListNumbers(ObjectName.RunFolder(domain, run)))
        {
            var name = ObjectName.RunRecords(domain, run, sequence);
            var lines = store.Backend.ReadAll(name);
            _ = reader.Read(name.Path, lines);
            foreach (var line in Lines(lines))
            {
                if (tree.Size < size)
                {
                    tree.Add(line.Span);
                }

                while (before.TryPeek(out var earlier) && earlier.Size <= tree.Size)
                {
                    before.Dequeue();
                    if (earlier.Size == tree.Size && !CryptographicOperations.FixedTimeEquals(tree.Root(), earlier.Root))
                    {
                        return Refused(run, string.Create(CultureInfo.InvariantCulture, $"an earlier checkpoint states another root of its first {earlier.Size} records"));
                    }
                }
            }

            if (tree.Size > RecordsMax)
            {
                return Refused(run, $"it states more than {RecordsMax} records, which takes longer to read than an answer may");
            }

            stop.ThrowIfCancellationRequested();
        }

        return tree.Size < size ? Refused(run, string.Create(CultureInfo.InvariantCulture, $"it states {size} records, the store holds {tree.Size}"))
            : !CryptographicOperations.FixedTimeEquals(tree.Root(), root) ? Refused(run, "its root is not that of the records that the store holds")
            : null;
    }

    /// <summary>What the checkpoints that lie in the storage state.</summary>
    private IEnumerable<(long Size, byte[] Root)> Notes(string domain, string run)
    {
        foreach (var item in store.Backend.List(ObjectName.RunFolder(domain, run)).Where(item => !item.IsFolder && item.Name.StartsWith("note-", StringComparison.Ordinal) && ObjectPath.IsPart(item.Name)))
        {
            var note = store.Backend.ReadAll(ObjectName.RunObject(domain, run, item.Name), JournalNote.BytesMax);
            var end = note.AsSpan().IndexOf("\n\n"u8);
            if (end >= 0 && JournalNote.ReadBody(note.AsSpan(0, end + 1), JournalNote.Origin(domain, run)) is { } stated)
            {
                yield return stated;
            }
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(byte[] lines)
    {
        var start = 0;
        for (var end = Array.IndexOf(lines, (byte)'\n'); end >= 0; end = Array.IndexOf(lines, (byte)'\n', start))
        {
            yield return lines.AsMemory(start, end - start);
            start = end + 1;
        }
    }

    private static AslError Refused(string run, string why) => new(ErrorCode.RemoteContentRefused, $"the checkpoint of run {run} is not cosigned")
    {
        Why = why,
        Fix = "asl-admin audit verify --store STORE --run RUN   (shows where the journal breaks)",
    };
}
