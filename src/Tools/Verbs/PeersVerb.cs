using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Journal;
using AslRescue.Store;
using AslRescue.Store.Backends;
using AslRescue.Store.Logs;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin peers: the other domains, whether they can be reached, whether they are trusted, and how far behind we are.</summary>
internal static class PeersVerb
{
    internal static Command Build()
    {
        var command = new Command("peers", "Shows the peers of federation.conf: reachable, trusted, how far behind.") { CommonOptions.Store };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        using var ours = parsed.GetValue(CommonOptions.Store) is not null || CommonOptions.IsAttached(configuration) ? CommonOptions.OpenStore(parsed) : null;
        var states = configuration.Peers.Select(peer => Look(configuration, peer, ours)).ToList();
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.WriteArray(states, (writer, state) =>
            {
                writer.WriteString("id", state.Peer.Id);
                writer.WriteString("endpoint", state.Peer.Endpoint.AbsoluteUri);
                writer.WriteBoolean("trusted", state.Peer.IsTrusted);
                writer.WriteNumber("keys", state.Peer.Keys.Count);
                writer.WriteBoolean("reachable", state.Problem is null);
                writer.WriteString("problem", state.Problem);
                WriteNumber(writer, "theirs", state.Theirs);
                WriteNumber(writer, "ours", state.Ours);
                writer.WriteBoolean("differ", state.Differ);
                writer.WriteString("ourProblem", state.OurProblem);
            });
        }
        else if (states.Count == 0)
        {
            Console.WriteLine("federation.conf lists no peers");
        }
        else
        {
            states.ForEach(state => Console.WriteLine(Printable.Text($"{state.Peer.Id,-20}  {state.Peer.Endpoint.AbsoluteUri,-40}  {(state.Peer.IsTrusted ? $"trusted, {Quantity.Count(state.Peer.Keys.Count, "key", "keys")}" : "not trusted"),-18}  {Describe(state)}")));
        }

        return states.Any(state => state.Problem is not null || state.OurProblem is not null || state.Differ) ? ExitCodes.DoneWithProblems : ExitCodes.Done;
    }

    internal static string Describe(State state) => state switch
    {
        { Problem: { } problem } => problem,
        { OurProblem: { } problem, Theirs: { } theirs } => $"reachable, {Quantity.Count(theirs, "seal", "seals")}; our own store is damaged: {problem}",
        { Differ: true, Ours: { } ours, Theirs: { } theirs } => $"reachable, {Quantity.Count(theirs, "seal", "seals")} there, {ours} here, and the logs differ: both were written to, and nothing can be replicated",
        { Ours: { } ours, Theirs: { } theirs } when ours == theirs => $"reachable, {Quantity.Count(theirs, "seal", "seals")}, none behind",
        { Ours: { } ours, Theirs: { } theirs } when ours > theirs => $"reachable, {Quantity.Count(theirs, "seal", "seals")}, none behind; {ours - theirs} of ours it does not have",
        { Ours: { } ours, Theirs: { } theirs } => $"reachable, {theirs - ours} of {Quantity.Count(theirs, "seal", "seals")} behind: asl-admin replicate --from {state.Peer.Id} --to STORE",
        _ => $"reachable, {Quantity.Count(state.Theirs ?? 0, "seal", "seals")}",
    };

    private static void WriteNumber(System.Text.Json.Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static State Look(AslConfiguration configuration, Peer peer, ArtifactStore? ours)
    {
        try
        {
            using var backend = PeerAccess.Backend(configuration, peer);
            backend.Greet();
            var theirs = Seals(backend, peer.Id);
            return ours is null ? new(peer, null, theirs, null, Differ: false) : Compare(peer, backend, ours.Backend, theirs);
        }
        catch (AslException failure)
        {
            return new(peer, Describe(failure.Error), null, null, Differ: false);
        }
    }

    /// <summary>A seal hashes the one before it, so of two logs the last number that both have says whether they are one.</summary>
    /// <exception cref="AslException">The peer's store fails. What fails here is no fault of the peer, and is in the state.</exception>
    internal static State Compare(Peer peer, IBackend there, IBackend here, long theirs)
    {
        long ours;
        Digest? hash;
        try
        {
            ours = Seals(here, peer.Id);
            hash = Math.Min(theirs, ours) is > 0 and var last ? HashOf(here, peer.Id, last) : null;
        }
        catch (AslException failure)
        {
            return new(peer, null, theirs, null, Differ: false) { OurProblem = Describe(failure.Error) + (failure.Error.Where is { } where ? $" ({where})" : "") };
        }

        return new(peer, null, theirs, ours, hash is { } known && HashOf(there, peer.Id, Math.Min(theirs, ours)) != known);
    }

    private static string Describe(AslError error) => $"{error.What}{(error.Why is { } why ? $": {why}" : "")}";

    private static Digest HashOf(IBackend backend, string domain, long number) =>
        new SealLog(backend, domain).Parse(number, backend.ReadAll(ObjectName.Seal(domain, number), JournalLine.BytesMax)).Hash;

    private static long Seals(IBackend backend, string domain) => backend.ListNumbers(ObjectName.SealsFolder(domain)).Count;

    /// <summary>How it stands with a peer.</summary>
    /// <param name="Peer">Which.</param>
    /// <param name="Problem">Why it cannot be asked; null when it answers.</param>
    /// <param name="Theirs">Seals of its domain there.</param>
    /// <param name="Ours">Seals of its domain here.</param>
    /// <param name="Differ">Whether the two logs are not parts of one.</param>
    internal sealed record State(Peer Peer, string? Problem, long? Theirs, long? Ours, bool Differ)
    {
        /// <summary>Why our own log of its domain cannot be read; null when it can.</summary>
        internal string? OurProblem { get; init; }
    }
}
