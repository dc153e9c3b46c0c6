using System.Reflection;
using System.Runtime.InteropServices;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.LibAsl.Reading;
using AslRescue.Shared.Errors;

namespace AslRescue.LibAsl;

/// <summary>
/// The functions of asl.h, which says what each does; a test compares the two. Here stands only what C hands in and gets back: the work is in Reading,
/// and <see cref="Edge"/> sees to it that nothing but a status comes out.
/// </summary>
internal static unsafe partial class Exports
{
    /// <summary>asl.h: ASL_ABI_VERSION.</summary>
    internal const int AbiVersion = 1;

    [UnmanagedCallersOnly(EntryPoint = "asl_abi_version")]
    internal static int GetAbiVersion() => AbiVersion;

    [UnmanagedCallersOnly(EntryPoint = "asl_version")]
    internal static int GetVersion(byte* text, ulong capacity, ulong* length) => Done(() =>
        Results.Text(typeof(Exports).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion, text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_close")]
    internal static int Close(ulong handle) => Done(() =>
    {
        if (handle != 0)
        {
            Edge.Handles.Close(handle);
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_error")]
    internal static int Error(ErrorInfo* info) => Edge.Tell(() => Results.Struct(info, LastError.Describe()));

    [UnmanagedCallersOnly(EntryPoint = "asl_error_text")]
    internal static int ErrorText(int part, byte* text, ulong capacity, ulong* length) =>
        Edge.Tell(() => Results.Text(LastError.Text((ErrorPart)part), text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_exit_code")]
    internal static int ExitCode(int code) => code is Edge.Ok or Edge.End ? ExitCodes.Done : ExitCodes.For((ErrorCode)code);

    [UnmanagedCallersOnly(EntryPoint = "asl_store_open")]
    internal static int StoreOpen(byte* location, OpenOptions* options, ulong* store) =>
        Open(store, () => OpenedStore.Open(Arguments.Text(location, "location"), options));

    private static int Done(Action work) => Edge.Call(() =>
    {
        work();
        return Edge.Ok;
    });

    /// <summary>Opens something and gives its handle; 0 when it fails.</summary>
    private static int Open(ulong* handle, Func<Resource> open)
    {
        SetNone(handle);
        return Done(() =>
        {
            Arguments.MustBeThere(handle, "the handle to be given");
            *handle = Edge.Handles.Add(open());
        });
    }

    /// <summary>The same with what it is opened from.</summary>
    private static int OpenFrom<T>(ulong from, ulong* handle, Func<T, Resource> open)
        where T : Resource
    {
        SetNone(handle);
        return Edge.Use<T>(from, resource =>
        {
            Arguments.MustBeThere(handle, "the handle to be given");
            *handle = Edge.Handles.Add(open(resource));
        });
    }

    /// <summary>Whoever does not look at the status finds nothing.</summary>
    private static void SetNone(ulong* result)
    {
        if (result is not null)
        {
            *result = 0;
        }
    }
}
