using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>
/// What src/Shared/Native/simd.c does with instructions that a program compiled ahead of time cannot ask for: SHA-256 of many messages at once, and the
/// gear scan by vectors. Linked into published programs; under the .NET host a library beside the assemblies, where clang was there to make it.
/// </summary>
public static unsafe partial class Simd
{
    private const string Library = "libaslsimd.so";

    /// <summary>What this processor has of it. Decided once.</summary>
    public static Features Available { get; } = Ask();

    /// <summary>Ways of the library.</summary>
    [Flags]
    public enum Features
    {
        None = 0,

        /// <summary>The SHA instructions.</summary>
        Sha256 = 1,

        /// <summary>Eight positions at once.</summary>
        Avx2 = 2,

        /// <summary>Sixteen positions, or messages, at once.</summary>
        Avx512 = 4,
    }

    /// <summary>
    /// The SHA-256 of each message; beside them, the state of a longer one is carried on over whole blocks of 64 bytes: the second costs little, as the
    /// first leaves the processor waiting. Needs <see cref="Features.Sha256"/>.
    /// </summary>
    /// <param name="messages">Their memory must not move or go away meanwhile.</param>
    /// <param name="state">Eight words; empty for none.</param>
    /// <param name="stream">A multiple of 64 bytes, for the state.</param>
    internal static void Hash(ReadOnlySpan<Message> messages, Span<uint> state, ReadOnlySpan<byte> stream)
    {
        fixed (Message* first = messages)
        fixed (uint* words = state)
        fixed (byte* bytes = stream)
        {
            asl_sha256(first, (ulong)messages.Length, words, bytes, (ulong)stream.Length / 64);
        }
    }

    /// <summary>
    /// The SHA-256 of each message, sixteen at once while there are enough. Needs <see cref="Features.Sha256"/> and <see cref="Features.Avx512"/>.
    /// </summary>
    /// <param name="messages">Their memory must not move or go away meanwhile.</param>
    internal static void HashMany(ReadOnlySpan<Message> messages)
    {
        fixed (Message* first = messages)
        {
            asl_sha256_many(first, (ulong)messages.Length);
        }
    }

    /// <summary>
    /// The first index from <paramref name="start"/> on, and before <paramref name="end"/>, at which the gear hash (docs/store-format.md, Trees) is below
    /// the threshold; −1 when there is none.
    /// </summary>
    /// <param name="way">Avx2 or Avx512; one that is available.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="start">At least 31.</param>
    /// <param name="end">At most the length.</param>
    /// <param name="threshold">Exclusive.</param>
    public static int FindCut(Features way, ReadOnlySpan<byte> data, int start, int end, uint threshold)
    {
        fixed (byte* first = data)
        {
            return (int)(way == Features.Avx512 ? asl_gear_avx512(first, start, end, threshold) : asl_gear_avx2(first, start, end, threshold));
        }
    }

    private static Features Ask()
    {
        try
        {
            return (Features)asl_simd_features();
        }
        catch (DllNotFoundException)
        {
            return Features.None; // The managed ways do the same.
        }
    }

    /// <summary>A message to hash, as the library takes it.</summary>
    internal struct Message
    {
        internal byte* Data;
        internal ulong Length;
        internal byte* Digest;
    }

    [LibraryImport(Library)]
    private static partial uint asl_simd_features();

    [LibraryImport(Library)]
    private static partial void asl_sha256(Message* messages, ulong count, uint* state, byte* stream, ulong blocks);

    [LibraryImport(Library)]
    private static partial void asl_sha256_many(Message* messages, ulong count);

    [LibraryImport(Library)]
    private static partial long asl_gear_avx2(byte* data, long start, long end, uint threshold);

    [LibraryImport(Library)]
    private static partial long asl_gear_avx512(byte* data, long start, long end, uint threshold);
}
