using System.CommandLine;
using AslRescue.Intake;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Directory;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Verbs;

/// <summary>
/// What an inspecting verb was asked to look at: an object of a store, by its path there, its name or the first digits of it; or any file. A store needs no
/// format.toml here: what is left of one is looked at like a whole one.
/// </summary>
/// <param name="File">The object.</param>
/// <param name="Around">The store around it; null for a file by itself.</param>
internal sealed record InspectedObject(InspectedFile File, IBackend? Around) : IDisposable
{
    private const int DigitsMin = 4;

    public void Dispose()
    {
        File.Dispose();
        Around?.Dispose();
    }

    /// <summary>Finds and opens what is meant.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="text">A path or a name.</param>
    /// <param name="folders">In which folders of a store a bare name may lie.</param>
    /// <exception cref="AslException">Usage: nothing, or more than one thing, is called so.</exception>
    internal static InspectedObject Open(ParseResult parsed, string text, params string[] folders)
    {
        var isFile = System.IO.File.Exists(text);
        if (parsed.GetValue(CommonOptions.Store) is null && isFile)
        {
            return new(InspectedFile.Open(text), StoreAround(text));
        }

        var backend = OpenBackend(parsed);
        try
        {
            var name = Find(backend, text, folders);
            if (name is { } found && InspectedFile.Open(backend, found) is { } file)
            {
                return new(file, backend);
            }

            return isFile ? new(InspectedFile.Open(text), backend) : throw CommonOptions.Usage($"no object of {backend.Location} is called '{text}', and no file",
                $"name it as the store does: {string.Join(", ", folders.Select(folder => folder + "/…"))}, a name or at least {DigitsMin} digits of one; or a file");
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <summary>The backend that --store names, or the one that is attached; a directory need not be a store.</summary>
    internal static IBackend OpenBackend(ParseResult parsed)
    {
        var location = parsed.GetValue(CommonOptions.Store) ?? CommonOptions.StoreLocation(parsed);
        return CommonOptions.Endpoint(location) is { } endpoint ? RemoteAccess.Open(CommonOptions.Remote(parsed, CommonOptions.LoadConfiguration(parsed)), endpoint, TimeProvider.System)
            : Directory.Exists(location) ? new DirectoryBackend(location)
            : throw CommonOptions.Usage($"there is no directory '{location}'", "name the directory of a store, or what is left of one");
    }

    /// <summary>Directories are read as stores are when a file in them lies as an object does: STORE/blocks/ab/NAME.</summary>
    private static DirectoryBackend? StoreAround(string file)
    {
        var parts = Path.GetFullPath(file).Split('/');
        var depth = parts switch
        {
            [.., "blocks", { Length: 2 }, _] => 3,
            [.., "segments" or "snapshots", _] => 2,
            [.., "logs", _, "seals", _] => 4,
            [.., "logs", _, "runs", _, _] => 5,
            _ => 0,
        };
        return depth == 0 ? null : new DirectoryBackend(string.Join('/', parts[..^depth]) is { Length: > 0 } root ? root : "/");
    }

    private static ObjectName? Find(IBackend backend, string text, string[] folders)
    {
        if (ObjectPath.TryParse(text) is { } path)
        {
            return path.Name;
        }

        var prefix = text[(text.LastIndexOf('/') + 1)..];
        if (prefix.Length < DigitsMin || !prefix.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        var found = folders.Where(folder => !text.Contains('/', StringComparison.Ordinal) || text.StartsWith(folder + "/", StringComparison.Ordinal))
            .SelectMany(folder => Named(backend, folder, prefix)).ToList();
        return found.Count <= 1 ? found.Cast<ObjectName?>().FirstOrDefault() : throw CommonOptions.Usage($"{found.Count} objects start with '{prefix}'",
            "name one of " + string.Join(", ", found.Take(5)));
    }

    private static IEnumerable<ObjectName> Named(IBackend backend, string folder, string prefix)
    {
        Func<Digest, ObjectName> nameOf = folder switch { "blocks" => ObjectName.Block, "segments" => ObjectName.Segment, _ => ObjectName.Snapshot };
        if (Digest.TryParse(prefix, out var whole))
        {
            using var there = backend.Open(nameOf(whole));
            return there is null ? [] : [nameOf(whole)];
        }

        return
        [
            .. backend.List(folder == "blocks" ? $"blocks/{prefix[..2]}" : folder)
                .Where(item => item.Name.StartsWith(prefix, StringComparison.Ordinal) && Digest.TryParse(item.Name, out _))
                .Select(item => nameOf(Digest.Parse(item.Name))),
        ];
    }
}
