using System.Text;
using AslRescue.LibAsl.Abi;
using AslRescue.Shared.Errors;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests.Reading;

/// <summary>What asl.h says about threads.</summary>
public sealed unsafe class ThreadTests : IDisposable
{
    private const int Threads = 8;
    private readonly Stores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public void Any_number_of_threads_read_from_one_snapshot_and_from_one_node()
    {
        var bytes = SeededBytes.Of(4, 2_000_000);
        SampleTree.Make(_stores.Source, 6, files: 30, bytesMax: 50_000);
        File.WriteAllBytes(Path.Combine(_stores.Source, "large"), bytes);
        _stores.Ingest();
        var snapshot = Library.OpenSnapshot(Library.OpenStore(_stores.Store));
        var shared = Library.OpenNode(snapshot, "large");
        Run(number =>
        {
            var random = new Random(number);
            var own = Library.OpenNode(snapshot, "large");
            for (var round = 0; round < 150; round++)
            {
                var (offset, length) = (random.Next(bytes.Length), random.Next(100_000));
                var node = round % 2 == 0 ? shared : own;
                Assert.Equal(bytes[offset..Math.Min(bytes.Length, offset + length)], Library.Read(node, (ulong)offset, length).Bytes);
                Assert.Equal((int)ErrorCode.PathMissing, Library.TryOpenNode(snapshot, 0, Encoding.ASCII.GetBytes($"none-{number}"), out _));
                Assert.Contains($"'none-{number}'", Library.LastErrorText(), StringComparison.Ordinal);
            }

            Library.Ok(Library.Close(own));
        });
    }

    [Fact]
    public void Threads_that_share_a_directory_are_told_each_entry_once()
    {
        SampleTree.Make(_stores.Source, 6, files: 1, bytesMax: 10);
        foreach (var index in Enumerable.Range(0, 2000))
        {
            File.WriteAllText(Path.Combine(_stores.Source, $"{index:D4}"), "");
        }

        _stores.Ingest();
        var directory = Library.Open(Library.DirectoryOpen, Library.OpenNode(Library.OpenSnapshot(Library.OpenStore(_stores.Store)), ""));
        var names = new System.Collections.Concurrent.ConcurrentBag<string>();
        Run(_ =>
        {
            var info = new NodeInfo { StructSize = (uint)sizeof(NodeInfo) };
            while (Library.DirectoryNext(directory, &info) == 0)
            {
                names.Add(new string((sbyte*)info.Name));
            }
        });
        Assert.Equal(2001, names.Count);
        Assert.Equal(2001, names.Distinct().Count());
    }

    [Fact]
    public void A_handle_that_is_closed_while_others_use_it_gives_them_an_error_at_most()
    {
        var bytes = SeededBytes.Of(4, 300_000);
        Directory.CreateDirectory(_stores.Source);
        File.WriteAllBytes(Path.Combine(_stores.Source, "file"), bytes);
        _stores.Ingest();
        var (store, refused) = (Library.OpenStore(_stores.Store), 0);
        for (var round = 0; round < 40; round++)
        {
            var snapshot = Library.OpenSnapshot(store);
            var node = Library.OpenNode(snapshot, "file");
            Run(number =>
            {
                for (var step = 0; step < 40; step++)
                {
                    if (number == 0 && step == 5)
                    {
                        Library.Ok(Library.Close(node));
                        Library.Ok(Library.Close(snapshot));
                        return;
                    }

                    var (status, read) = Library.Read(node, 1000, 100_000);
                    Assert.True(status is 0 or (int)ErrorCode.HandleInvalid, $"{status}");
                    Assert.True(status != 0 || read.AsSpan().SequenceEqual(bytes.AsSpan(1000, 100_000)));
                    _ = status == 0 ? 0 : Interlocked.Increment(ref refused);
                    if (Library.TryOpenNode(snapshot, 0, "file"u8.ToArray(), out var again) == 0)
                    {
                        Library.Ok(Library.Close(again));
                    }
                }
            });
        }

        Assert.True(refused > 0, "no call met the closed handle");
        Library.Ok(Library.Close(store));
    }

    private static void Run(Action<int> work)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            try
            {
                work(number);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
    }
}
