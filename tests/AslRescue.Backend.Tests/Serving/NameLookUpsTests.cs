using AslRescue.Backend.Objects;
using AslRescue.Shared;
using AslRescue.Store.Backends;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Serving;

/// <summary>Many names of one check: a few are looked up, the others are read from lists.</summary>
public sealed class NameLookUpsTests
{
    [Fact]
    public void Of_many_names_in_a_folder_it_is_listed()
    {
        const int count = 5000;
        using var memory = new MemoryBackend();
        using var storage = new WatchedStorage(memory);
        var names = Enumerable.Range(0, count + 2).Select(number => Digest.Of(BitConverter.GetBytes(number))).ToList();
        foreach (var name in names.Take(count))
        {
            memory.TryCreate(ObjectName.Segment(name), [1]);
            memory.TryCreate(ObjectName.Given("domain", name), []);
        }

        memory.TryCreate(ObjectName.Segment(names[count]), [1]); // Another domain's.
        memory.TryCreate(ObjectName.Given("domain", names[count + 1]), []); // Gone.
        var lookUps = new DomainObjects(storage, TimeProvider.System).LookUps("domain");
        Assert.All(names.Take(count), name => Assert.True(lookUps.Has(ObjectName.Segment(name), name)));
        Assert.InRange(storage.Opened.Count, 1, 2100);
        Assert.Equal(["given/domain", "segments"], storage.Listed.Order(StringComparer.Ordinal));
        Assert.All(names.Skip(count), name => Assert.False(lookUps.Has(ObjectName.Segment(name), name)));
    }

    [Fact]
    public void What_came_after_the_list_is_found()
    {
        using var memory = new MemoryBackend();
        var names = Enumerable.Range(0, 1100).Select(number => Digest.Of(BitConverter.GetBytes(number))).ToList();
        var lookUps = new DomainObjects(memory, TimeProvider.System).LookUps("domain");
        foreach (var name in names)
        {
            Assert.False(lookUps.Has(ObjectName.Block(name), name));
            memory.TryCreate(ObjectName.Block(name), [1]);
            memory.TryCreate(ObjectName.Given("domain", name), []);
            Assert.True(lookUps.Has(ObjectName.Block(name), name));
        }
    }
}
