using AslRescue.LibAsl.Calls;

namespace AslRescue.LibAsl.Handles;

/// <summary>
/// Handles of programs that may be wrong about them: a handle is a number, looked up on each call, and not an address. Any thread.
/// </summary>
/// <remarks>
/// <para>A handle: kind (8 bits), generation of its slot (32), slot (24). 0 is none, as kinds begin at 1.</para>
/// <para>
/// A slot that is freed gets the next generation, and is used again after all others that are free; so a handle that was closed fits nothing until its
/// slot was used 2³² times. A slot whose generations are used up is not used again.
/// </para>
/// </remarks>
internal sealed class HandleTable(int handlesMax = HandleTable.HandlesMax)
{
    /// <summary>So many may be open at once; asl.h says it too.</summary>
    internal const int HandlesMax = 65536;

    private const int SlotBits = 24;
    private const int KindShift = 56;
    private readonly Lock _lock = new();
    private readonly List<Slot> _slots = [];
    private readonly Queue<int> _free = new();

    /// <summary>Gives a resource its handle, which holds it from then on.</summary>
    /// <exception cref="Shared.Errors.AslException">LibraryUnusable: too many are open; the resource is let go.</exception>
    internal ulong Add(Resource resource)
    {
        lock (_lock)
        {
            if (TryTakeSlot_NeedsLock(out var index))
            {
                _slots[index].Resource = resource;
                return ((ulong)resource.Kind << KindShift) | ((ulong)_slots[index].Generation << SlotBits) | (uint)index;
            }
        }

        resource.Release();
        throw LibraryErrors.TooManyHandles(handlesMax);
    }

    /// <summary>What a handle stands for, held for the caller, who releases it.</summary>
    /// <exception cref="Shared.Errors.AslException">HandleInvalid.</exception>
    internal T Hold<T>(ulong handle)
        where T : Resource
    {
        lock (_lock)
        {
            if (Find_NeedsLock(handle)?.Resource is not T found)
            {
                throw LibraryErrors.NoHandle(handle);
            }

            found.Hold();
            return found;
        }
    }

    /// <summary>Ends a handle.</summary>
    /// <exception cref="Shared.Errors.AslException">HandleInvalid.</exception>
    internal void Close(ulong handle)
    {
        Resource closed;
        lock (_lock)
        {
            var slot = Find_NeedsLock(handle) ?? throw LibraryErrors.NoHandle(handle);
            (closed, slot.Resource) = (slot.Resource!, null);
            if (++slot.Generation != 0)
            {
                _free.Enqueue((int)(handle & ((1 << SlotBits) - 1)));
            }
        }

        closed.Release();
    }

    private bool TryTakeSlot_NeedsLock(out int index)
    {
        if (_free.TryDequeue(out index))
        {
            return true;
        }

        index = _slots.Count;
        if (index == handlesMax)
        {
            return false;
        }

        _slots.Add(new());
        return true;
    }

    private Slot? Find_NeedsLock(ulong handle)
    {
        var (index, generation) = ((int)(handle & ((1 << SlotBits) - 1)), (uint)(handle >> SlotBits));
        return index < _slots.Count && _slots[index] is { Resource: { } resource } slot && slot.Generation == generation && (ulong)resource.Kind == handle >> KindShift
            ? slot
            : null;
    }

    private sealed class Slot
    {
        internal Resource? Resource { get; set; }

        internal uint Generation { get; set; }
    }
}
