using System.Runtime.CompilerServices;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.LibAsl.Calls;

/// <summary>Where C comes in: every exported function runs its work in here, and no exception leaves it.</summary>
internal static class Edge
{
    /// <summary>asl.h: ASL_OK.</summary>
    internal const int Ok = 0;

    /// <summary>asl.h: ASL_END.</summary>
    internal const int End = 1;

    // Of the process in which the runtime started. A fork leaves its threads behind: a child that goes on would wait for them.
    private static int _ownProcess;

    internal static HandleTable Handles { get; } = new();

    /// <summary>Called by the runtime when it starts, whichever function is called first.</summary>
#pragma warning disable CA2255 // A library for C is at the end of the line, as a program is.
    [ModuleInitializer]
    internal static void Begin() => _ownProcess = Posix.ProcessNumber();
#pragma warning restore CA2255

    /// <summary>Runs <paramref name="work"/>; what it throws becomes the thread's last error and the status.</summary>
    internal static int Call(Func<int> work)
    {
        try
        {
            return Posix.ProcessNumber() == _ownProcess ? work() : LastError.Keep(LibraryErrors.Forked);
        }
#pragma warning disable CA1031 // An exception must not pass into C.
        catch (Exception exception)
        {
            return LastError.Keep(exception);
        }
#pragma warning restore CA1031
    }

    /// <summary>The same with what a handle stands for, which stays open meanwhile.</summary>
    internal static int Use<T>(ulong handle, Func<T, int> work)
        where T : Resource => Call(() =>
        {
            var resource = Handles.Hold<T>(handle);
            try
            {
                return work(resource);
            }
            finally
            {
                resource.Release();
            }
        });

    /// <summary>The same, for work that is done when it returns.</summary>
    internal static int Use<T>(ulong handle, Action<T> work)
        where T : Resource => Use<T>(handle, resource =>
        {
            work(resource);
            return Ok;
        });

    /// <summary>What asl_error and asl_error_text do: they leave the last error as it is.</summary>
    internal static int Tell(Action work)
    {
        try
        {
            work();
            return Ok;
        }
        catch (AslException exception)
        {
            return (int)exception.Error.Code;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
        {
            return (int)ErrorCode.Internal;
        }
#pragma warning restore CA1031
    }
}
