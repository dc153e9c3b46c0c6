using System.Runtime.InteropServices;

namespace AslRescue.LibAsl.Calls;

/// <summary>
/// OpenSSL, with which the runtime hashes and speaks TLS. It is looked for when it is first needed, and where there is none the runtime ends the process: a
/// program may do that, a library must not.
/// </summary>
internal static class OpenSsl
{
    /// <summary>The names that the runtime tries, in its order.</summary>
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    private static bool _isThere;

    /// <summary>Before anything is hashed.</summary>
    /// <exception cref="Shared.Errors.AslException">LibraryUnusable: there is none.</exception>
    internal static void MustBeThere()
    {
        if (!_isThere)
        {
            _isThere = Names.Any(name => NativeLibrary.TryLoad(name, out _)) ? true : throw LibraryErrors.NoOpenSsl(Names[0]);
        }
    }
}
