using System.Globalization;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;

namespace AslRescue.LibAsl.Calls;

/// <summary>What only the C library can say: how it was called, and bytes that nobody has.</summary>
internal static class LibraryErrors
{
    internal static AslException NoHandle(ulong handle) => new(new AslError(ErrorCode.HandleInvalid, "a handle stands for nothing that is open")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"handle {handle:x16}"),
        Why = "it was closed, was never given, or stands for something of another kind",
        Fix = "correct the program that calls libasl: a handle is used between the call that gives it and asl_close, for what asl.h says it is for",
    });

    internal static AslException TooManyHandles(int max) => new(new AslError(ErrorCode.LibraryUnusable, "too many handles are open")
    {
        Why = string.Create(CultureInfo.InvariantCulture, $"{max} are open in this process, and no more are given"),
        Fix = "correct the program that calls libasl: close what is not used any more with asl_close",
        IsPermanent = false,
    });

    internal static AslException Argument(string name, string why) => new(new AslError(ErrorCode.ArgumentInvalid, "an argument is not what asl.h allows")
    {
        Where = name,
        Why = why,
        Fix = "correct the program that calls libasl: asl.h says what each function takes",
    });

    internal static AslException TooSmall(ulong needed, ulong capacity) => new(new AslError(ErrorCode.BufferTooSmall, "a buffer is too small")
    {
        Why = string.Create(CultureInfo.InvariantCulture, $"{needed} bytes are needed, it has {capacity}"),
        Fix = "call again with a buffer of that size: a capacity of 0 only asks for the length, to which a text's NUL is added",
    });

    internal static AslError Forked { get; } = new(ErrorCode.LibraryUnusable, "the library cannot be used in a process that was forked")
    {
        Why = "its threads stayed in the process that made the first call",
        Fix = "call exec after fork, or make the first call after it (Python: multiprocessing with the start method spawn)",
    };

    internal static AslException NoOpenSsl(string name) => new(new AslError(ErrorCode.LibraryUnusable, "the library needs OpenSSL, which is not there")
    {
        Where = name,
        Why = "the dynamic linker finds no libssl: nothing could be hashed, and so nothing checked",
        Fix = "install OpenSSL 3 (SystemRescue and Debian have it), or name its folder in LD_LIBRARY_PATH",
        IsPermanent = false,
    });

    internal static AslError OutOfMemory { get; } = new(ErrorCode.LibraryUnusable, "there is no memory left")
    {
        Fix = "close handles that are not used, or give the process more memory",
        IsPermanent = false,
    };

    internal static AslError Defect(Exception exception) => new(ErrorCode.Internal, "libasl has a defect")
    {
        Why = $"{exception.GetType().Name}: {exception.Message}",
        Fix = "report it with this text and the call that led to it; other calls go on",
    };

    /// <param name="path">The file, raw.</param>
    /// <param name="bad">Where all of the range lies.</param>
    internal static AslError Unreadable(byte[] path, in ContentExtent bad) => new(ErrorCode.RangeUnreadable, "these bytes could not be read from the source")
    {
        Where = string.Create(CultureInfo.InvariantCulture, $"'{Printable.Bytes(path)}', offset {bad.Start}, {bad.Item.Length} bytes"),
        Why = BadRangeText.Of(bad.Start, bad.Item),
        Fix = "read what lies before and behind them (asl_node_map lists all ranges); a later ingest of the same disk tries them again",
    };

    /// <param name="path">The file, raw.</param>
    /// <param name="problems">What is known of it.</param>
    internal static AslError NotRead(byte[] path, IEnumerable<ProblemKind> problems) => new(ErrorCode.RangeUnreadable, "nothing of this file could be read from the source")
    {
        Where = $"'{Printable.Bytes(path)}'",
        Why = $"its problems: {string.Join(", ", problems)}",
        Fix = "asl-admin show ID --problems   (has the reason); ingest the source again when it can be read",
    };
}
