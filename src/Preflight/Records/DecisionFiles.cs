using System.Text;
using System.Text.Json;
using AslRescue.Preflight.Machines;
using AslRescue.Shared.Errors;

namespace AslRescue.Preflight.Records;

/// <summary>
/// /run/asl/mode and /run/asl/preflight.json. Each appears complete or not at all, by rename. The record is written before the
/// mode that refers to it; a reader takes the mode first and must find a record that says the same, or wait.
/// </summary>
internal sealed class DecisionFiles(Machine machine)
{
    private const string Folder = "/run/asl";
    private const int EarlierMax = 50;

    /// <summary>Writes both. Earlier records are kept inside the new one.</summary>
    /// <returns>The record as it was written.</returns>
    /// <exception cref="AslException">RuntimeUnwritable.</exception>
    public DecisionRecord Write(DecisionRecord record)
    {
        try
        {
            var folder = machine.AslPath(Folder);
            Directory.CreateDirectory(folder);
            var whole = WithEarlier(record, Path.Combine(folder, "preflight.json"));
            Replace(Path.Combine(folder, "preflight.json"), Json(whole) + "\n");
            Replace(Path.Combine(folder, "mode"), whole.Decision.Mode + "\n");
            return whole;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AslException(
                new AslError(ErrorCode.RuntimeUnwritable, "the decision cannot be written")
                {
                    Where = machine.AslPath(Folder),
                    Why = e.Message,
                    Fix = "make the directory writable; asl-admin preflight --report shows the decision without writing it",
                    IsPermanent = false,
                },
                e);
        }
    }

    public static string Json(DecisionRecord record) => JsonSerializer.Serialize(record, RecordJson.Default.DecisionRecord);

    private static DecisionRecord WithEarlier(DecisionRecord record, string path)
    {
        if (!File.Exists(path))
        {
            return record;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var old = document.RootElement;
            var dropped = old.TryGetProperty("earlierDropped", out var number) ? number.GetInt32() : 0;
            List<JsonElement> earlier = [.. Earlier(old), WithoutEarlier(old)];
            var excess = Math.Max(0, earlier.Count - EarlierMax);
            return record with { Earlier = [.. earlier.Skip(excess)], EarlierDropped = dropped + excess };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Not ours, or damaged: it is kept beside, where a person can look at it.
            File.Move(path, path + ".unreadable", overwrite: true);
            return record;
        }
    }

    private static IEnumerable<JsonElement> Earlier(JsonElement record) =>
        record.TryGetProperty("earlier", out var list) ? list.EnumerateArray().Select(item => item.Clone()) : [];

    private static JsonElement WithoutEarlier(JsonElement record)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var property in record.EnumerateObject().Where(property => !property.Name.StartsWith("earlier", StringComparison.Ordinal)))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        using var document = JsonDocument.Parse(bytes.ToArray());
        return document.RootElement.Clone();
    }

    private static void Replace(string path, string text)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
