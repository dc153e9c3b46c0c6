using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>The views of asl-debug on the fixture store, whole and damaged: golden/inspect-*.txt.</summary>
public sealed class InspectionTests : IDisposable
{
    private const string Block = "79a0680f8d3b0215561a7a1ec9dec9867d267d04ffaada8788ea1800ec5f0d87";
    private const string Segment = "df010ffc7d7b59822277342aedbdd735929f029f9182a7d9611d11976d889872";
    private const string Run = "20261123T020003Z-00000003";
    private const int FooterAt = 694;
    private const int FrameAt = 499;
    private readonly Scratch _scratch = new();

    public InspectionTests() => _scratch.Shell($"cp --recursive {Checkout.PathOf("tests/AslRescue.Store.Tests/fixtures/store-1")} store && chmod --recursive u+w store").EndsWith(0);

    private string BlockPath => Path.Combine(_scratch.Store, "blocks/79", Block);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Whole_objects_are_shown_with_offsets_lengths_and_hashes()
    {
        Shown("whole",
            Look(0, "block", Block[..6], "--check"),
            Look(0, "segment", Segment[..8], "--limit", "3"),
            Look(0, "segment", Segment, "--key", "8d", "--blocks"),
            Look(0, "snapshot", "latest"),
            Look(0, "log", "seals"),
            Look(0, "log", Run),
            Look(0, "log", Run, "--lines"),
            Look(0, "log"),
            Look(0, "leftovers"));
    }

    [Fact]
    public void A_damaged_frame_is_shown_with_its_bytes_and_the_others_are_checked_all_the_same()
    {
        Overwrite(BlockPath, FrameAt + 11, [0xff, 0xff]);

        Shown("damaged-frame", Look(5, "block", Block, "--check"), Look(0, "hex", $"blocks/79/{Block}", "--length", "48"), Look(0, "hex", Block, "--at", "680", "--length", "150"));
    }

    [Fact]
    public void A_block_shows_what_is_left_of_it()
    {
        var whole = File.ReadAllBytes(BlockPath);
        var copy = _scratch.PathOf("copy");
        List<string> shown = [];
        foreach (var content in (byte[][])[whole[..FooterAt], whole[..(FooterAt + 200)], [.. new byte[12], .. whole[12..]], whole[40..], [.. whole, 1, 2, 3], [.. "something else"u8]])
        {
            File.WriteAllBytes(copy, content);
            shown.Add(Alone(5, "block", copy, "--check"));
        }

        File.WriteAllBytes(BlockPath, whole[..FooterAt]);
        shown.Add(Look(5, "block", Block, "--check"));
        Shown("left-of-a-block", [.. shown]);
    }

    [Fact]
    public void Damaged_segments_snapshots_and_logs_are_read_behind_the_damage()
    {
        Overwrite(Path.Combine(_scratch.Store, "segments", Segment), 96 + 52, new byte[40]);
        var snapshot = Directory.GetFiles(Path.Combine(_scratch.Store, "snapshots"))[0];
        File.WriteAllBytes(_scratch.PathOf("cut"), File.ReadAllBytes(Path.Combine(_scratch.Store, "snapshots", "eb4fc8e24b3bef2069d40390d4028b7379f784e78d8bb2eadba571b0d7a0e49f"))[..400]);
        var records = Path.Combine(_scratch.Store, "logs/lab/runs", Run);
        Overwrite(Path.Combine(records, "0000000002"), 30, "X"u8);
        File.Delete(Path.Combine(records, "0000000003"));

        Assert.True(File.Exists(snapshot));
        Shown("damaged-others", Look(5, "segment", Segment, "--limit", "3"), Alone(5, "snapshot", _scratch.PathOf("cut")), Look(5, "log", Run), Alone(5, "log", records),
            Look(0, "hex", $"segments/{Segment}", "--length", "60"), Look(0, "hex", $"logs/lab/runs/{Run}/0000000002", "--length", "40"));
    }

    [Fact]
    public void Leftovers_are_explained_and_nothing_is_changed()
    {
        File.Delete(Path.Combine(_scratch.Store, "logs/lab/seals/0000000003"));
        File.WriteAllText(Path.Combine(_scratch.Store, $"blocks/79/{Block}.0011223344556677-1.unsealed"), "half");
        Directory.CreateDirectory(Path.Combine(_scratch.Store, $"signatures/{new string('b', 64)}"));
        File.WriteAllText(Path.Combine(_scratch.Store, $"signatures/{new string('b', 64)}/{new string('c', 64)}"), "");
        var before = Listing();

        Shown("leftovers", Look(0, "leftovers"));

        Assert.Equal(before, Listing());
    }

    [Fact]
    public void The_index_is_made_again_in_a_new_directory_and_the_store_stays_as_it_is()
    {
        var before = Listing();
        _scratch.Shell("chmod --recursive a-w store").EndsWith(0);

        _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--to", _scratch.PathOf("made")).EndsWith(0);

        Assert.Equal(before, Listing());
        _scratch.Shell("diff --recursive store/segments made/segments").EndsWith(0);
        Assert.Contains("ASL4001", _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--to", _scratch.PathOf("made")).EndsWith(ExitCodes.TargetUnusable).Error, StringComparison.Ordinal);
        Assert.Contains("ASL4001", _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--to", Path.Combine(_scratch.Store, "new")).EndsWith(ExitCodes.TargetUnusable).Error, StringComparison.Ordinal);
        _scratch.Debug("rebuild-index", "--store", _scratch.Store, "--to", _scratch.PathOf("other"), "--dry-run").EndsWith(ExitCodes.Usage);
    }

    [Fact]
    public void Evidence_is_written_byte_for_byte()
    {
        Assert.Equal("{}", _scratch.Debug("snapshot", "latest", "--store", _scratch.Store, "--evidence", "decision.json").EndsWith(0).Output);
        Assert.Contains("decision.json, empty", _scratch.Debug("snapshot", "latest", "--store", _scratch.Store, "--evidence", "other").EndsWith(ExitCodes.Usage).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_fit_nothing_or_several_objects_are_told()
    {
        File.Copy(BlockPath, Path.Combine(_scratch.Store, "blocks/79", Block[..10] + new string('0', 54)));

        Assert.Contains("2 objects start with", _scratch.Debug("block", Block[..8], "--store", _scratch.Store).EndsWith(ExitCodes.Usage).Error, StringComparison.Ordinal);
        Assert.Contains("no object of", _scratch.Debug("block", "0000", "--store", _scratch.Store).EndsWith(ExitCodes.Usage).Error, StringComparison.Ordinal);
        Assert.Contains("it is no file", _scratch.Debug("block", "/dev/null").EndsWith(ExitCodes.StoreUnusable).Error, StringComparison.Ordinal);
        _scratch.Debug("hex", BlockPath, "--at", "-1").EndsWith(ExitCodes.Usage);
    }

    [Fact]
    public void As_json_each_view_has_the_fields_that_are_documented()
    {
        Overwrite(BlockPath, FrameAt + 11, [0xff, 0xff]);
        File.Delete(Path.Combine(_scratch.Store, "logs/lab/seals/0000000003"));

        var block = Json(5, "block", Block, "--check");
        JsonOutputTests.AssertFields("inspected-block", block);
        JsonOutputTests.AssertFields("block-header", block.GetProperty("header"));
        JsonOutputTests.AssertFields("block-footer", block.GetProperty("footer"));
        JsonOutputTests.AssertFields("frame", block.GetProperty("frames")[1]);
        JsonOutputTests.AssertFields("frame-artifact", block.GetProperty("frames")[1].GetProperty("artifacts")[0]);
        JsonOutputTests.AssertFields("damage", block.GetProperty("frames")[1].GetProperty("damages")[0]);
        Assert.Equal(0, block.GetProperty("frames")[0].GetProperty("damages").GetArrayLength());

        var segment = Json(0, "segment", Segment);
        JsonOutputTests.AssertFields("inspected-segment", segment);
        JsonOutputTests.AssertFields("segment-row", segment.GetProperty("rows")[0]);

        var snapshot = Json(0, "snapshot", "latest");
        JsonOutputTests.AssertFields("inspected-snapshot", snapshot);
        JsonOutputTests.AssertFields("snapshot-field", snapshot.GetProperty("fields")[18]);
        JsonOutputTests.AssertFields("evidence", snapshot.GetProperty("evidence")[0]);

        JsonOutputTests.AssertFields("log", Json(0, "log")[0]);
        JsonOutputTests.AssertFields("log-line", Json(0, "log", Run, "--lines")[0]);
        JsonOutputTests.AssertFields("log-line", Json(0, "log", Run)[0], without: ["line"]);

        var hex = Json(0, "hex", Block);
        JsonOutputTests.AssertFields("hex", hex);
        JsonOutputTests.AssertFields("hex-part", hex.GetProperty("parts")[0]);

        var leftovers = Json(0, "leftovers");
        JsonOutputTests.AssertFields("leftovers", leftovers);
        JsonOutputTests.AssertFields("leftover", leftovers.GetProperty("leftovers")[0]);
        JsonOutputTests.AssertFields("unsealed-run", leftovers.GetProperty("leftovers")[0].GetProperty("run"));
    }

    [Fact]
    public void A_store_behind_a_server_is_looked_at_alike()
    {
        using var server = new RunningBackend(_scratch);
        _scratch.WriteSource("letters/first", "dear");
        _scratch.Run("asl-intake", ["ingest", _scratch.Source, .. server.At(), "--token-file", server.Token("intake")]).EndsWith(0);
        string[] there = [.. server.At(), "--token-file", server.Token("admin")];
        var block = Path.GetFileName(Directory.GetFiles(Path.Combine(server.Store, "blocks"), "*", SearchOption.AllDirectories)[0]);

        Assert.Contains("no damage", _scratch.Debug(["block", block[..8], "--check", .. there]).EndsWith(0).Output, StringComparison.Ordinal);
        Assert.Contains("ascending", _scratch.Debug(["segment", Path.GetFileName(Directory.GetFiles(Path.Combine(server.Store, "segments"))[0]), .. there]).EndsWith(0).Output, StringComparison.Ordinal);
        Assert.Contains("no damage", _scratch.Debug(["snapshot", "latest", .. there]).EndsWith(0).Output, StringComparison.Ordinal);
        Assert.Contains("1 line, 0 damaged", _scratch.Debug(["log", "seals", .. there]).EndsWith(0).Output, StringComparison.Ordinal);
        Assert.Contains("header: the mark", _scratch.Debug(["hex", block, .. there]).EndsWith(0).Output, StringComparison.Ordinal);
        Assert.Contains("nothing is left over", _scratch.Debug(["leftovers", .. there]).EndsWith(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_journal_of_this_machine_is_shown_by_its_run()
    {
        var folder = _scratch.PathOf($"machine/var/lib/asl/runtime/{Run}");
        Directory.CreateDirectory(folder);
        var records = Directory.GetFiles(Path.Combine(_scratch.Store, "logs/lab/runs", Run), "0*").Order(StringComparer.Ordinal);
        File.WriteAllBytes(Path.Combine(folder, "journal"), [.. records.SelectMany(File.ReadAllBytes)]);

        Assert.Contains("4 lines, 0 damaged", _scratch.Debug("log", Run).EndsWith(0).Output, StringComparison.Ordinal);
    }

    private System.Text.Json.JsonElement Json(int exitCode, params string[] arguments) => _scratch.Debug([.. arguments, "--store", _scratch.Store, "--json"]).EndsWith(exitCode).Json();

    /// <summary>What a view of the store prints, with the command above it.</summary>
    private string Look(int exitCode, params string[] arguments) => Said(arguments, _scratch.Debug([.. arguments, "--store", _scratch.Store]).EndsWith(exitCode));

    private string Alone(int exitCode, params string[] arguments) => Said(arguments, _scratch.Debug(arguments).EndsWith(exitCode));

    private static string Said(string[] arguments, ProgramRun run) => $"$ asl-debug {string.Join(' ', arguments)}   (ends with {run.ExitCode})\n{run.Output}{run.Error}\n";

    private void Shown(string name, params string[] views) =>
        Golden.Equal($"inspect-{name}", string.Concat(views).Replace(_scratch.Root, "SCRATCH", StringComparison.Ordinal).Replace($" --root SCRATCH/machine", "", StringComparison.Ordinal));

    private string Listing() => _scratch.Shell("cd store && find . -type f -print0 | sort --zero-terminated | xargs --null sha256sum").EndsWith(0).Output;

    private static void Overwrite(string path, long offset, ReadOnlySpan<byte> bytes)
    {
        using var file = File.OpenWrite(path);
        file.Position = offset;
        file.Write(bytes);
    }
}
