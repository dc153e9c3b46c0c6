using System.Globalization;
using System.Text.Json;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store.Backends;

namespace AslRescue.Store.Logs;

/// <summary>One seal: the record that makes a snapshot count.</summary>
public sealed record Seal(long Number, Digest Snapshot, string Run, DateTimeOffset Wall, Digest Previous, Digest Hash);

/// <summary>The seals of a domain, in order and chained by hash (docs/store-format.md, Logs).</summary>
public sealed class SealLog(IBackend backend, string domain)
{
    /// <summary>All seals, checked.</summary>
    /// <exception cref="AslException">LogCorrupt: a seal is damaged, one is missing, or the chain is broken.</exception>
    public IReadOnlyList<Seal> Read()
    {
        var (seals, damage) = ReadToDamage();
        return damage is null ? seals : throw damage;
    }

    /// <summary>The seals up to the first that is damaged or missing, checked, and what is wrong with that one; null when nothing is.</summary>
    /// <exception cref="AslException">The backend fails.</exception>
    public (IReadOnlyList<Seal> Seals, AslException? Damage) ReadToDamage()
    {
        var listed = backend.ListNumbers(ObjectName.SealsFolder(domain)).ToHashSet();
        var last = listed.Count > 0 ? listed.Max() : 0;
        List<Seal> seals = [];
        try
        {
            for (var number = 1L; number <= last; number++)
            {
                // A folder that others write into may be listed with a later name and without an earlier one.
                if (!listed.Contains(number) && !Exists(number))
                {
                    throw Corrupt(number, string.Create(CultureInfo.InvariantCulture, $"it is missing, and seal {last} is there"));
                }

                seals.Add(ReadBehind(seals, number));
            }

            return (seals, null);
        }
        catch (AslException damage) when (damage.Error.Code is ErrorCode.LogCorrupt or ErrorCode.ObjectMissing)
        {
            return (seals, damage);
        }
    }

    private Seal ReadBehind(List<Seal> seals, long number)
    {
        var seal = Read(number);
        var previous = seals.Count > 0 ? seals[^1].Hash : default;
        return seal.Previous == previous ? seal : throw Corrupt(number, $"it follows {seal.Previous.Short}…, the seal before it is {previous.Short}…");
    }

    /// <summary>
    /// Appends a seal for a snapshot; one that has a seal already keeps it. Several processes may do this at once: each takes the
    /// next free number.
    /// </summary>
    public Seal Append(Digest snapshot, string run, DateTimeOffset wall)
    {
        while (true)
        {
            var seals = Read();
            if (seals.FirstOrDefault(seal => seal.Snapshot == snapshot) is { } present)
            {
                return Confirm(present);
            }

            var number = seals.Count + 1L;
            var (line, _) = JournalLine.Write(
            [
                new("seal", number), new("snapshot", snapshot), new("run", run), new("wall", wall),
                new("previous", seals.Count > 0 ? seals[^1].Hash : default(Digest)),
            ]);
            if (backend.TryCreate(ObjectName.Seal(domain, number), line))
            {
                return Read(number);
            }
        }
    }

    /// <summary>
    /// Makes a seal durable that was found: whoever wrote it may have been stopped before it was. Before anybody is told that a run is sealed.
    /// </summary>
    public Seal Confirm(Seal seal)
    {
        // Creating a name that is taken changes nothing and makes it durable.
        var name = ObjectName.Seal(domain, seal.Number);
        _ = backend.TryCreate(name, backend.ReadAll(name, JournalLine.BytesMax));
        return seal;
    }

    /// <summary>The domains that have a log in a backend, by name.</summary>
    public static IReadOnlyList<string> ListDomains(IBackend backend) =>
        [.. backend.List("logs").Where(item => item.IsFolder).Select(item => item.Name).Order(StringComparer.Ordinal)];

    private Seal Read(long number) => Parse(number, backend.ReadAll(ObjectName.Seal(domain, number), JournalLine.BytesMax));

    private bool Exists(long number)
    {
        using var file = backend.Open(ObjectName.Seal(domain, number));
        return file is not null;
    }

    /// <summary>What the content of a seal says; its place in the chain is not looked at.</summary>
    /// <exception cref="AslException">LogCorrupt: it is no seal, or not this one.</exception>
    public Seal Parse(long number, byte[] content)
    {
        if (content.Length == 0 || Array.IndexOf(content, (byte)'\n') != content.Length - 1)
        {
            throw Corrupt(number, "it is not exactly one line");
        }

        return JournalLine.TryRead(content.AsMemory(0, content.Length - 1), out var line, out var hash, out var reason)
            ? Decode(number, line, hash)
            : throw Corrupt(number, reason);
    }

    private Seal Decode(long number, JsonElement line, Digest hash)
    {
        try
        {
            var seal = new Seal(line.GetProperty("seal").GetInt64(), Digest.Parse(line.GetProperty("snapshot").GetString()),
                line.GetProperty("run").GetString() ?? "",
                DateTimeOffset.Parse(line.GetProperty("wall").GetString() ?? "", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                Digest.Parse(line.GetProperty("previous").GetString()), hash);
            return seal.Number == number
                ? seal
                : throw Corrupt(number, string.Create(CultureInfo.InvariantCulture, $"it says that it is seal {seal.Number}"));
        }
        catch (Exception exception) when (exception is KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw Corrupt(number, "a field is missing or malformed");
        }
    }

    private AslException Corrupt(long number, string why) => new(new AslError(ErrorCode.LogCorrupt, $"seal {number} is damaged")
    {
        Where = $"{backend.Location}/{ObjectName.Seal(domain, number)}, offset 0",
        Why = why,
        Fix = "snapshots can still be read by name: asl-admin show ID, ID one of the names in snapshots/",
    });
}
