using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Errors;

namespace AslRescue.LibAsl.Tests.Handles;

/// <summary>Handles of programs that are wrong about them.</summary>
public sealed class HandleTableTests
{
    [Fact]
    public void A_handle_stands_for_what_it_was_given_for_until_it_is_closed()
    {
        var table = new HandleTable();
        var thing = new Thing();
        var handle = table.Add(thing);
        Assert.NotEqual(0UL, handle);
        var held = table.Hold<Thing>(handle);
        Assert.Same(thing, held);
        table.Close(handle);
        Assert.False(thing.IsFreed);
        held.Release();
        Assert.True(thing.IsFreed);
        IsInvalid(() => table.Hold<Thing>(handle));
        IsInvalid(() => table.Close(handle));
    }

    [Fact]
    public void A_closed_handle_does_not_come_to_stand_for_what_took_its_place()
    {
        var table = new HandleTable(handlesMax: 4);
        HashSet<ulong> seen = [];
        for (var round = 0; round < 10_000; round++)
        {
            var handle = table.Add(new Thing());
            Assert.True(seen.Add(handle));
            table.Close(handle);
        }

        var open = Enumerable.Range(0, 4).Select(_ => table.Add(new Thing())).ToHashSet();
        Assert.All(seen.Except(open), stale => IsInvalid(() => table.Hold<Thing>(stale)));
    }

    [Fact]
    public void A_handle_of_another_kind_is_refused()
    {
        var table = new HandleTable();
        var handle = table.Add(new Thing());
        IsInvalid(() => table.Hold<OtherThing>(handle));
        var asOther = (handle & 0x00ffffffffffffff) | ((ulong)HandleKind.Directory << 56);
        IsInvalid(() => table.Hold<OtherThing>(asOther));
        IsInvalid(() => table.Hold<Thing>(asOther));
        IsInvalid(() => table.Close(asOther));
    }

    [Fact]
    public void Numbers_that_were_never_given_are_refused()
    {
        const int seed = 4;
        var random = new Random(seed);
        var table = new HandleTable();
        var given = Enumerable.Range(0, 100).Select(_ => table.Add(new Thing())).ToHashSet();
        for (var round = 0; round < 100_000; round++)
        {
            var number = (ulong)random.NextInt64();
            number = round % 3 == 0 ? number & 0xff000000000000ff : round % 3 == 1 ? given.First() ^ (1UL << random.Next(64)) : number;
            if (!given.Contains(number))
            {
                IsInvalid(() => table.Hold<Thing>(number));
            }
        }
    }

    [Fact]
    public void More_handles_than_are_allowed_are_refused_and_what_they_would_stand_for_is_freed()
    {
        var table = new HandleTable(handlesMax: 3);
        var handles = Enumerable.Range(0, 3).Select(_ => table.Add(new Thing())).ToList();
        var thing = new Thing();
        Assert.Equal(ErrorCode.LibraryUnusable, Assert.Throws<AslException>(() => table.Add(thing)).Error.Code);
        Assert.True(thing.IsFreed);
        table.Close(handles[1]);
        table.Add(new Thing());
    }

    [Fact]
    public void Whatever_is_done_at_once_each_thing_is_freed_once_and_never_while_it_is_used()
    {
        const int threads = 8;
        var table = new HandleTable(handlesMax: 64);
        var handles = new ulong[16];
        var things = new System.Collections.Concurrent.ConcurrentBag<Thing>();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, number =>
        {
            var random = new Random(number);
            for (var round = 0; round < 20_000; round++)
            {
                var place = random.Next(handles.Length);
                try
                {
                    switch (random.Next(3))
                    {
                        case 0:
                            var thing = new Thing();
                            things.Add(thing);
                            Volatile.Write(ref handles[place], table.Add(thing));
                            break;
                        case 1:
                            table.Close(Volatile.Read(ref handles[place]));
                            break;
                        default:
                            var held = table.Hold<Thing>(Volatile.Read(ref handles[place]));
                            Assert.False(held.IsFreed);
                            held.Release();
                            break;
                    }
                }
                catch (AslException exception) when (exception.Error.Code is ErrorCode.HandleInvalid or ErrorCode.LibraryUnusable)
                {
                }
            }
        });
        Assert.All(things, thing => Assert.InRange(thing.FreedCount, 0, 1));
        Assert.InRange(things.Count(thing => !thing.IsFreed), 0, 64);
    }

    private static void IsInvalid(Action use) => Assert.Equal(ErrorCode.HandleInvalid, Assert.Throws<AslException>(use).Error.Code);

    private static void IsInvalid(Func<object> use) => IsInvalid(() => { _ = use(); });

    private class Thing(HandleKind kind = HandleKind.Store) : Resource(kind)
    {
        private int _freed;

        internal int FreedCount => Volatile.Read(ref _freed);

        internal bool IsFreed => FreedCount > 0;

        protected override void Free() => Interlocked.Increment(ref _freed);
    }

    private sealed class OtherThing() : Thing(HandleKind.Directory);
}
