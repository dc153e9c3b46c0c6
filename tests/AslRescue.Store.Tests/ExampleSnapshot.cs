using AslRescue.Shared;
using AslRescue.Store.Blocks;
using AslRescue.Store.Format;
using AslRescue.Store.Segments;
using AslRescue.Store.Snapshots;
using AslRescue.Store.Trees;

namespace AslRescue.Store.Tests;

internal static class ExampleSnapshot
{
    /// <summary>A snapshot that has something in every field; no store holds what it refers to.</summary>
    internal static Snapshot Full { get; } = new()
    {
        Domain = "lab-1",
        Run = "20261123T020000Z-0123abcd",
        Started = new(1_795_392_000, 0),
        Created = new(1_795_392_060, 123_456_789),
        Base = (17, Name("base")),
        Root = Name("root"),
        Side = [ContentItem.Artifact(Name("side"), 77)],
        Sources =
        [
            new("/srv/data"u8.ToArray(), 0, Name("parent"), (8, 1), 0xef53),
            new([(byte)'/', 0xff, (byte)'\n'], 0, null, (0, 45), 0x58465342),
        ],
        Groups =
        [
            new(["run 1", "run 2"], [new(Name("segment 1"), 1000, Name("a"), Name("b")), new(Name("segment 2"), 1, Name("c"), Name("c"))]),
            new(["20261123T020000Z-0123abcd"], [new(Name("segment 3"), 70_000, Name("d"), Name("e"))]),
        ],
        Blocks = [new(Name("block 1"), 33_554_400, BlockContent.Chunks), new(Name("block 2"), 4000, BlockContent.Metadata)],
        Counts = new()
        {
            Entries = 100_000,
            Files = 90_000,
            Directories = 9000,
            SourceBytes = 1L << 40,
            ReadBytes = 1L << 33,
            UnchangedFiles = 80_000,
            AddedArtifacts = 71_000,
            AddedRawBytes = 5_000_000_000,
            AddedStoredBytes = 2_000_000_000,
            BadBytes = 4096,
        },
        Case = new("2026-117", "A. Examiner", "Zweite Platte, «sdb» — 读不出"),
        ProblemCount = 2,
        Problems = [ContentItem.Artifact(Name("problems"), 200)],
        Origin = new("rescue", "b7f0c0d6-0000-4000-8000-000000000001", "0.1.0", "zstd 10504"),
        Journal = (9, Name("sealing")),
        Format = new StoreFormat().Digest,
        Evidence = [new("decision.json", "{}"u8.ToArray()), new("rules/intake.toml", "format = 1\n"u8.ToArray())],
    };

    internal static Digest Name(string text) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(text));
}
