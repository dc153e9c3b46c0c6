namespace AslRescue.Store.Faults;

/// <summary>What happens at the call that is to fail.</summary>
public enum DiskFault
{
    /// <summary>The call does nothing and answers EIO. Of a flush: what it was to make durable never will be, as Linux has it.</summary>
    InputOutputError,

    /// <summary>The call does nothing and answers ENOSPC.</summary>
    NoSpace,

    /// <summary>A write gets half of its bytes down and answers ENOSPC; any other call does its work and answers EIO.</summary>
    Torn,

    /// <summary>The process is killed, in the middle of a write: nothing works any more, what reached the kernel stays.</summary>
    Kill,

    /// <summary>The power is cut: what was not flushed is gone, bytes and names.</summary>
    PowerCut,

    /// <summary>The power is cut: names are there, of the bytes that were not flushed half, the rest are zeros or missing.</summary>
    PowerCutTorn,
}
