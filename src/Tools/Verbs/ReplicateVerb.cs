using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;
using AslRescue.Store;
using AslRescue.Store.Federation;
using AslRescue.Store.Logs;
using AslRescue.Store.Snapshots;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin replicate --from A --to B: copies the sealed snapshots of a domain into another store.</summary>
internal static class ReplicateVerb
{
    private static readonly Option<string> From = new("--from") { Description = "a store: a directory, a URL, or the id of a peer", HelpName = "STORE", Required = true };
    private static readonly Option<string> To = new("--to") { Description = "a store, alike; it must exist", HelpName = "STORE", Required = true };
    private static readonly Option<string?> Domain = new("--domain") { Description = "the domain (default: each that --from has and that is a trusted peer's)", HelpName = "ID" };

    internal static Command Build()
    {
        var command = new Command("replicate", "Copies sealed snapshots into another store; may be repeated.") { From, To, Domain };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var configuration = CommonOptions.LoadConfiguration(parsed);
        using var source = PeerAccess.Open(parsed, configuration, parsed.GetValue(From)!);

        // Our own domain only when it is named: what others hold of it needs no signature, so nobody may slip us a seal of ours unasked.
        var peers = configuration.Peers.Where(peer => peer.IsTrusted).Select(peer => peer.Id).ToHashSet();
        string[] domains = parsed.GetValue(Domain) is { } named ? [named] : [.. SealLog.ListDomains(source.Backend).Where(peers.Contains)];
        if (domains.Length == 0)
        {
            throw CommonOptions.Usage($"{source.Backend.Location} has nothing of a peer that federation.conf trusts", "name the domain: --domain ID");
        }

        var reports = domains.Select(domain => (domain, Copy(parsed, configuration, source, domain))).ToList();
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.WriteArray(reports, (writer, report) =>
            {
                writer.WriteString("domain", report.domain);
                writer.WriteNumber("snapshots", report.Item2.Snapshots);
                writer.WriteNumber("objects", report.Item2.Objects);
                writer.WriteNumber("bytes", report.Item2.Bytes);
                writer.WriteTexts("notes", report.Item2.Notes);
            });
        }
        else
        {
            foreach (var (domain, report) in reports)
            {
                Console.WriteLine($"{domain}: {Quantity.Count(report.Snapshots, "snapshot", "snapshots")}, {Quantity.Count(report.Objects, "object", "objects")} of {Quantity.Bytes(report.Bytes)} copied");
                report.Notes.ToList().ForEach(note => Console.WriteLine($"  note: {note}"));
            }
        }

        return ExitCodes.Done;
    }

    private static ReplicationReport Copy(ParseResult parsed, AslConfiguration configuration, ArtifactStore source, string domain)
    {
        if (domain != configuration.DomainId && configuration.Peers.All(peer => peer.Id != domain))
        {
            throw new AslException(new AslError(ErrorCode.SignatureRefused, $"domain {Printable.Text(domain)} is not taken over")
            {
                Where = source.Backend.Location,
                Why = $"it is neither ours ({configuration.DomainId}) nor a peer of federation.conf, so nobody says whose signature counts",
                Fix = "list it in /etc/asl/federation.conf: [[peers]] with id, trust = true and keys",
            });
        }

        using var target = PeerAccess.Open(parsed, configuration, parsed.GetValue(To)!, domain);
        var replication = new Replication(source, target);
        using (new ProgressLine(() => $"replicating {domain}: {Quantity.Count(replication.Objects, "object", "objects")}, {Quantity.Bytes(replication.Bytes)}"))
        {
            return replication.Run(domain, new SignerList(configuration.Peers), Edge.Stopped);
        }
    }
}
