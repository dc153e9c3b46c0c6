using AslRescue.LibAsl.Abi;
using AslRescue.Shared.Errors;

namespace AslRescue.LibAsl.Calls;

/// <summary>The last error of each thread, which asl_error and asl_error_text tell.</summary>
internal static class LastError
{
    [ThreadStatic]
    private static Failure? _last;

    /// <summary>Keeps an error; gives the status that says so.</summary>
    internal static int Keep(AslError error, long offset = 0, long length = 0, int systemError = 0)
    {
        _last = new(error, offset, length, systemError);
        return (int)error.Code;
    }

    /// <summary>Keeps what an exception says. Nothing passes the C edge: an unexpected one becomes an error, too.</summary>
    internal static int Keep(Exception exception) => Keep(exception switch
    {
        AslException operating => operating.Error,
        OutOfMemoryException => LibraryErrors.OutOfMemory,
        _ => LibraryErrors.Defect(exception),
    });

    internal static ErrorInfo Describe() => _last is not { } last ? default : new()
    {
        Code = (int)last.Error.Code,
        ExitCode = ExitCodes.For(last.Error.Code),
        IsPermanent = last.Error.IsPermanent ? 1 : 0,
        SystemError = last.SystemError,
        Offset = (ulong)last.Offset,
        Length = (ulong)last.Length,
    };

    /// <exception cref="AslException">ArgumentInvalid: there is no such part.</exception>
    internal static string Text(ErrorPart part) => part switch
    {
        ErrorPart.All => _last?.Error.ToString(),
        ErrorPart.What => _last?.Error.What,
        ErrorPart.Where => _last?.Error.Where,
        ErrorPart.Why => _last?.Error.Why,
        ErrorPart.Fix => _last?.Error.Fix,
        _ => throw LibraryErrors.Argument("part", "there is no such part of an error"),
    } ?? "";

    private sealed record Failure(AslError Error, long Offset, long Length, int SystemError);
}
