using System.Runtime.InteropServices;
using System.Text;

namespace AslRescue.LibAsl.Calls;

/// <summary>What programs hand in.</summary>
internal static unsafe class Arguments
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid: it is NULL.</exception>
    internal static void MustBeThere(void* pointer, string name)
    {
        if (pointer is null)
        {
            throw LibraryErrors.Argument(name, "it is NULL");
        }
    }

    /// <summary>A text that must be there.</summary>
    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid: it is NULL, or no UTF-8.</exception>
    internal static string Text(byte* text, string name)
    {
        MustBeThere(text, name);
        return OptionalText(text, name)!;
    }

    /// <summary>A text; null for NULL.</summary>
    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid: it is no UTF-8.</exception>
    internal static string? OptionalText(byte* text, string name)
    {
        try
        {
            return text is null ? null : Strict.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        }
        catch (DecoderFallbackException)
        {
            throw LibraryErrors.Argument(name, "it is no UTF-8");
        }
    }

    /// <summary>Raw bytes up to a NUL; none for NULL.</summary>
    internal static byte[] Path(byte* path) => path is null ? [] : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path).ToArray();
}
