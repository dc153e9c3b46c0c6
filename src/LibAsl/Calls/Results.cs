using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace AslRescue.LibAsl.Calls;

/// <summary>What goes out, into memory of the caller's.</summary>
internal static unsafe class Results
{
    // A larger one was hardly meant: memory that nobody set would be taken for a size.
    private const int UnknownBytesMax = 4096;

    /// <summary>A text in UTF-8, with a NUL behind it.</summary>
    /// <exception cref="Shared.Errors.AslException">BufferTooSmall, or ArgumentInvalid: there is no buffer.</exception>
    internal static void Text(string text, byte* target, ulong capacity, ulong* length) => Text(Encoding.UTF8.GetBytes(text), target, capacity, length);

    /// <summary>Raw bytes as a text, with a NUL behind them.</summary>
    /// <exception cref="Shared.Errors.AslException">As above.</exception>
    internal static void Text(ReadOnlySpan<byte> text, byte* target, ulong capacity, ulong* length)
    {
        if (Begin(text.Length, 1, target, capacity, length))
        {
            text.CopyTo(new Span<byte>(target, text.Length));
            target[text.Length] = 0;
        }
    }

    /// <summary>Bytes without anything behind them.</summary>
    /// <exception cref="Shared.Errors.AslException">As above.</exception>
    internal static void Data(ReadOnlySpan<byte> data, byte* target, ulong capacity, ulong* length)
    {
        if (Begin(data.Length, 0, target, capacity, length))
        {
            data.CopyTo(new Span<byte>(target, data.Length));
        }
    }

    /// <summary>Tells the length; whether something is to be written.</summary>
    /// <exception cref="Shared.Errors.AslException">As above.</exception>
    internal static bool Begin(int bytes, int more, void* target, ulong capacity, ulong* length)
    {
        if (length is not null)
        {
            *length = (ulong)bytes;
        }

        if (capacity == 0)
        {
            return false;
        }

        Arguments.MustBeThere(target, "the buffer");
        return (ulong)(bytes + more) <= capacity ? true : throw LibraryErrors.TooSmall((ulong)(bytes + more), capacity);
    }

    /// <summary>
    /// A struct that begins with its size, which the caller has set. More than this library knows of is set to 0.
    /// </summary>
    /// <exception cref="Shared.Errors.AslException">ArgumentInvalid: NULL, or a size that no header has.</exception>
    internal static void Struct<T>(T* target, T value)
        where T : unmanaged
    {
        var size = CheckSize(target);
        *target = value;
        *(uint*)target = size;
        NativeMemory.Clear((byte*)target + sizeof(T), size - (nuint)sizeof(T));
    }

    /// <summary>The size that the caller has set in a struct.</summary>
    /// <exception cref="Shared.Errors.AslException">As above.</exception>
    internal static uint CheckSize<T>(T* target)
        where T : unmanaged
    {
        Arguments.MustBeThere(target, "the struct");
        var size = *(uint*)target;
        return size >= sizeof(T) && size <= sizeof(T) + UnknownBytesMax ? size : throw LibraryErrors.Argument("struct_size", string.Create(CultureInfo.InvariantCulture,
            $"it is {size}, and the struct has {sizeof(T)} bytes: set it to sizeof before the call"));
    }

    /// <summary>An array of a struct: ASCII or raw bytes, cut where they do not fit, always with a NUL.</summary>
    internal static void Field(ReadOnlySpan<byte> text, Span<byte> field)
    {
        field.Clear();
        text[..Math.Min(text.Length, field.Length - 1)].CopyTo(field);
    }
}
