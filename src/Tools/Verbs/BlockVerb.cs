using System.CommandLine;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-debug block NAME|FILE: a block, whole or damaged, frame by frame.</summary>
internal static class BlockVerb
{
    private static readonly Argument<string> Name = new("BLOCK") { Description = "a file, or the name of a block, or the first digits of it" };

    private static readonly Option<bool> Check = new("--check") { Description = "decompress every frame and check every key" };

    internal static Command Build()
    {
        var command = new Command("block", "Shows header, footer, frames and artifacts of a block, and where it is damaged. Ends with 5 where it is.") { Name, CommonOptions.Store, Check };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var shown = InspectedObject.Open(parsed, parsed.GetValue(Name)!, "blocks");
        var block = new InspectedBlock(shown.File);
        var (frames, origin) = Frames(shown, block);
        using var check = new FrameCheck(shown.File, block.Shift);
        var output = new BlockOutput(shown.File, block, check, parsed.GetValue(Check));
        var damages = parsed.GetValue(CommonOptions.Json) ? output.WriteJson(frames, origin) : output.WriteText(frames, origin);
        return damages > 0 ? ExitCodes.StoreDamaged : ExitCodes.Done;
    }

    /// <summary>From the footer; where there is none, from the segments of the store around; else by the marks of frames.</summary>
    private static (IEnumerable<InspectedFrame> Frames, FrameOrigin Origin) Frames(InspectedObject shown, InspectedBlock block)
    {
        if (block.Footer is not null)
        {
            return (block.Frames(), FrameOrigin.Footer);
        }

        var known = shown is { Around: { } store, File.Name: { } name } ? BlockRows.Find(store, name, Edge.Stopped) : [];
        return known.Count > 0 ? (known, FrameOrigin.Segments) : (block.FoundFrames(), FrameOrigin.Marks);
    }
}
