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
        private const int CompressionLevelParameter = 100;
        private nint _context;

        /// <param name="level">1 is the fastest of the normal levels.</param>
        public Compressor(int level)
        {
            _context = ZSTD_createCCtx();
            if (_context == 0 || ZSTD_isError(ZSTD_CCtx_setParameter(_context, CompressionLevelParameter, level)) != 0)
            {
                throw new InvalidOperationException("libzstd refused a compression context");
            }
        }

        ~Compressor() => Free();

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
