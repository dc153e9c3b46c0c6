using System.CommandLine;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug hex FILE|OBJECT: bytes, with the field, frame, entry, row or line that they belong to.</summary>
internal static class HexVerb
{
    private static readonly Argument<string> Name = new("OBJECT") { Description = "a file, or an object of a store by its path, its name or the first digits of it" };

    private static readonly Option<long?> At = new("--at") { Description = "the first byte; without it, the first that is damaged, or the first of all", HelpName = "OFFSET" };

    private static readonly Option<long> Length = new("--length") { Description = "how many bytes", HelpName = "N", DefaultValueFactory = _ => 256 };

    internal static Command Build()
    {
        var command = new Command("hex", "Shows the bytes of an object and what each is; of a damaged frame also where its artifacts lie a second time.")
        {
            Name, CommonOptions.Store, At, Length,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var shown = InspectedObject.Open(parsed, parsed.GetValue(Name)!, "blocks", "segments", "snapshots");
        var guess = ObjectGuesses.Of(shown.File);
        var start = parsed.GetValue(At) ?? FirstDamage.Of(shown.File, guess);
        var length = parsed.GetValue(Length);
        if (start < 0 || length < 1)
        {
            throw CommonOptions.Usage($"there are no {length} bytes at {start}", $"--at is from 0 to {shown.File.Length}, --length at least 1");
        }

        start = Math.Min(start, shown.File.Length);
        var dump = new HexDump(shown.File, guess, (keys, except) => Copies(shown, keys, except));
        var end = start + Math.Min(length, shown.File.Length - start);
        if (parsed.GetValue(CommonOptions.Json))
        {
            dump.WriteJson(start, end);
        }
        else
        {
            dump.WriteText(start, end);
        }

        return ExitCodes.Done;
    }

    private static IEnumerable<SecondCopy> Copies(InspectedObject shown, IReadOnlySet<Digest> keys, Digest? except) =>
        shown.Around is { } store ? SecondCopies.Find(store, keys, except, Edge.Stopped) : [];
}
