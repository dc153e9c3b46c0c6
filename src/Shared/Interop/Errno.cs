using System.Runtime.InteropServices;

namespace AslRescue.Shared.Interop;

/// <summary>Error numbers of Linux (asm-generic/errno.h; equal on x86-64 and arm64).</summary>
public static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int EMLINK = 31;
    public const int ERANGE = 34;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ELOOP = 40;
    public const int ENODATA = 61;
    public const int EBADE = 52;
    public const int ENOLINK = 67;
    public const int EBADMSG = 74;
    public const int EILSEQ = 84;
    public const int EOPNOTSUPP = 95;
    public const int ESTALE = 116;
    public const int EUCLEAN = 117;
    public const int ETIMEDOUT = 110;
    public const int EREMOTEIO = 121;
    public const int EDQUOT = 122;

    /// <summary>What the C library says of an error number, given positive or negative: "Input/output error (5)".</summary>
    public static string Text(long number)
    {
        var positive = (int)Math.Abs(number);
        return $"{Marshal.GetPInvokeErrorMessage(positive)} ({positive})";
    }

    /// <summary>Whether a read that failed so means that the medium gave up these bytes, and others may still be readable.</summary>
    public static bool IsMediumError(long number) => Math.Abs(number) is EIO or EBADMSG or EUCLEAN or ENODATA;

    /// <summary>
    /// The same of a block device that is read past the page cache: then the block layer's own words come through, such as EREMOTEIO for a
    /// hardware error and ETIMEDOUT for a disk that took too long over a sector.
    /// </summary>
    public static bool IsDeviceMediumError(long number) =>
        IsMediumError(number) || Math.Abs(number) is EREMOTEIO or EILSEQ or ETIMEDOUT or ENOLINK or EBADE;
}
