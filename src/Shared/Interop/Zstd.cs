using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>
/// Zstandard (RFC 8878) by the reference library. A published program has libzstd.a linked in; under the .NET host the same
/// import finds the system's libzstd.so.1.
/// </summary>
public static unsafe partial class Zstd
{
    private const string Library = "libzstd.so.1";

    /// <summary>The library's version, 10504 for 1.5.4: kept in snapshots, since another version may compress differently.</summary>
    public static uint Version => ZSTD_versionNumber();

    /// <summary>Compresses with a context that is used again and again. One thread at a time.</summary>
    public sealed class Compressor : IDisposable
    {
            private nint _context;

        /// <param name="parameters">See there.</param>
        public Compressor(CompressionParameters parameters)
        {
            _context = ZSTD_createCCtx();
            Set(100, parameters.Level);
            Set(102, parameters.HashLog);
            Set(105, parameters.MatchBytesMin);
            Set(106, parameters.Acceleration);

            // Bytes that match nothing are still coded by their frequency: libzstd leaves that out when it skips ahead.
            const int literalCompressionMode = 1002;
            Set(literalCompressionMode, 1);
        }

        ~Compressor() => Free();

        private void Set(int parameter, int value)
        {
            if (_context == 0 || (value != 0 && ZSTD_isError(ZSTD_CCtx_setParameter(_context, parameter, value)) != 0))
            {
                throw new InvalidOperationException($"libzstd refused {value} for parameter {parameter}");
            }
        }

        /// <summary>The compressed length, or -1 when it does not fit into <paramref name="target"/>.</summary>
        public int Compress(ReadOnlySpan<byte> source, Span<byte> target)
        {
            ObjectDisposedException.ThrowIf(_context == 0, this);
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var result = ZSTD_compress2(_context, to, (nuint)target.Length, from, (nuint)source.Length);
                GC.KeepAlive(this);
                return ZSTD_isError(result) != 0 ? -1 : (int)result;
            }
        }

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            _ = ZSTD_freeCCtx(_context);
            _context = 0;
        }
    }

    /// <summary>The decompressed length that a frame says of itself; -1 when it says none, or is no frame.</summary>
    public static long ContentLength(ReadOnlySpan<byte> source)
    {
        fixed (byte* from = source)
        {
            var length = ZSTD_getFrameContentSize(from, (nuint)source.Length);
            return length <= long.MaxValue ? (long)length : -1;
        }
    }

    /// <summary>Decompresses with a context that is used again and again. One thread at a time.</summary>
    public sealed class Decompressor : IDisposable
    {
        private nint _context = ZSTD_createDCtx();

        ~Decompressor() => Free();

        /// <summary>The decompressed length, or -1 when the source is malformed or does not fit: never more than the target.</summary>
        public int Decompress(ReadOnlySpan<byte> source, Span<byte> target)
        {
            ObjectDisposedException.ThrowIf(_context == 0, this);
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var result = ZSTD_decompressDCtx(_context, to, (nuint)target.Length, from, (nuint)source.Length);
                GC.KeepAlive(this);
                return ZSTD_isError(result) != 0 ? -1 : (int)result;
            }
        }

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            _ = ZSTD_freeDCtx(_context);
            _context = 0;
        }
    }

    /// <summary>How to compress; 0 stands for what the level has.</summary>
    /// <param name="Level">1 is the fastest of the normal levels.</param>
    /// <param name="HashLog">Logarithm of the entries of the table in which matches are looked up: small ones stay in the processor's caches.</param>
    /// <param name="MatchBytesMin">Matches are found by hashes over this many bytes.</param>
    /// <param name="Acceleration">How fast the search skips ahead where nothing matches (libzstd's targetLength of the strategy "fast").</param>
    public readonly record struct CompressionParameters(int Level, int HashLog, int MatchBytesMin, int Acceleration);

    [LibraryImport(Library)]
    private static partial ulong ZSTD_getFrameContentSize(byte* source, nuint length);

    [LibraryImport(Library)]
    private static partial uint ZSTD_versionNumber();

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    private static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_CCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compress2(nint context, byte* target, nuint capacity, byte* source, nuint length);

    [LibraryImport(Library)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(nint context, byte* target, nuint capacity, byte* source, nuint length);
}
