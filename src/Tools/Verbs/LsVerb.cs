using System.CommandLine;
using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Store.Segments;
using AslRescue.Store.Trees;
using AslRescue.Tools.Output;

namespace AslRescue.Tools.Verbs;

/// <summary>asl-admin ls ID [PATH]: what a snapshot holds.</summary>
internal static class LsVerb
{
    private static readonly Argument<string> Below = new("PATH")
    {
        Description = "a path below the source",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<bool> Recursive = new("--recursive") { Description = "list all that lies below" };

    internal static Command Build()
    {
        var command = new Command("ls", "Lists the entries of a snapshot.") { CommonOptions.Snapshot, Below, CommonOptions.Store, Recursive };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var whole = CommonOptions.OpenStore(parsed);
        var (name, snapshot) = whole.Find(parsed.GetValue(CommonOptions.Snapshot)!);
        using var store = whole.Below(name);
        using var index = new ArtifactIndex(store.Backend, snapshot.Groups);
        using var artifacts = new ArtifactReader(store.Backend, index);
        var tree = new TreeReader(artifacts);
        var path = Encoding.UTF8.GetBytes(parsed.GetValue(Below)!);
        var roots = tree.Roots(snapshot.Root).Select(root => tree.Find(root, path)).OfType<Entry>().ToList();
        if (roots.Count == 0)
        {
            throw new AslException(new AslError(ErrorCode.PathMissing, $"the snapshot has no '{Printable.Bytes(path)}'")
            {
                Fix = "asl-admin ls ID   (paths are below the source, without its own path)",
            });
        }

        var entries = roots.SelectMany(root => Listed(tree, root, parsed.GetValue(Recursive)));
        if (parsed.GetValue(CommonOptions.Json))
        {
            JsonOutput.WriteArray(entries, WriteFields);
        }
        else
        {
            WriteText(entries);
        }

        return ExitCodes.Done;
    }

    /// <summary>Depth first, without recursion.</summary>
    private static IEnumerable<(string Path, Entry Entry)> Listed(TreeReader tree, Entry root, bool isRecursive)
    {
        if (root.Kind != EntryKind.Directory)
        {
            yield return (Printable.Bytes(root.Name), root);
            yield break;
        }

        var frames = new Stack<(string Prefix, IEnumerator<Entry> Entries)>();
        frames.Push(("", tree.Listing(root).GetEnumerator()));
        while (frames.TryPeek(out var frame))
        {
            if (!frame.Entries.MoveNext())
            {
                frames.Pop().Entries.Dispose();
                continue;
            }

            var entry = frame.Entries.Current;
            var path = frame.Prefix + Printable.Bytes(entry.Name);
            yield return (path, entry);
            if (isRecursive && entry.Kind == EntryKind.Directory)
            {
                frames.Push((path + "/", tree.Listing(entry).GetEnumerator()));
            }
        }
    }

    private static void WriteText(IEnumerable<(string Path, Entry Entry)> entries)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16);
        foreach (var (path, entry) in entries)
        {
            var mode = Convert.ToString(entry.Permissions, 8).PadLeft(4, '0');
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Letter(entry.Kind)}{mode} {entry.User,5} {entry.Group,5} {entry.Size,12} {SnapshotOutput.Time(entry.Modified)[..19]} {path}{Suffix(entry)}"));
        }
    }

    private static char Letter(EntryKind kind) => "-dlpscb?i"[(int)kind];

    private static string Suffix(Entry entry)
    {
        var target = entry.Target is { } link ? $" -> {Printable.Bytes(link)}" : "";
        var same = entry.HardLink is { } first ? $" = {Printable.Bytes(first)}" : "";
        return target + same + (entry.Problems.Count > 0 ? $"  [{string.Join(", ", entry.Problems)}]" : "");
    }

    private static void WriteFields(System.Text.Json.Utf8JsonWriter writer, (string Path, Entry Entry) item)
    {
        var entry = item.Entry;
        writer.WriteString("path", item.Path);
        writer.WriteString("kind", entry.Kind.ToString());
        writer.WriteString("mode", Convert.ToString(entry.Permissions, 8).PadLeft(4, '0'));
        writer.WriteNumber("user", entry.User);
        writer.WriteNumber("group", entry.Group);
        writer.WriteNumber("size", entry.Size);
        writer.WriteString("modified", SnapshotOutput.Time(entry.Modified));
        if (entry.Target is { } target)
        {
            writer.WriteRaw("target", target);
        }

        if (entry.HardLink is { } first)
        {
            writer.WriteRaw("hardLink", first);
        }

        writer.WriteTexts("problems", entry.Problems.Select(problem => problem.ToString()));
    }
}
