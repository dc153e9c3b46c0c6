using AslRescue.Shared.Errors;

namespace AslRescue.Fuzz;

/// <summary>A parser of bytes that somebody else wrote, and what it may take for them.</summary>
/// <param name="Name">As a folder of the corpus is called.</param>
/// <param name="Parse">Parses, and checks what came out. Whatever it throws is a finding.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Parse)
{
    /// <summary>Bytes that it may allocate for an empty input, tables that are made once included.</summary>
    internal long BytesFixed { get; init; } = 4 << 20;

    /// <summary>Bytes that it may allocate more for each byte of input.</summary>
    internal long BytesPerByte { get; init; } = 1024;

    /// <summary>The longest input that is tried: what is longer only repeats.</summary>
    internal int InputBytesMax { get; init; } = 8 << 10;

    /// <summary>What inputs begin with that a person would write.</summary>
    internal Func<IEnumerable<(string Name, byte[] Content)>> Seeds { get; init; } = () => [];

    /// <summary>Runs a parser that answers with an AslException where it refuses; that exception must say what, and what to do.</summary>
    /// <returns>What it gave; the default where it refused.</returns>
    internal static T? Refusing<T>(Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (AslException refusal)
        {
            Holds(refusal.Error.What.Length > 0 && refusal.Error.Fix.Length > 0 && refusal.Error.ToString().Length > 0, "a refusal without words");
            return default;
        }
    }

    /// <summary>The same with further exceptions that the parser's contract names.</summary>
    internal static T? Refusing<T>(Func<T> parse, params Type[] documented)
    {
        try
        {
            return Refusing(parse);
        }
        catch (Exception exception) when (documented.Any(type => type.IsInstanceOfType(exception)))
        {
            return default;
        }
    }

    /// <summary>Something that must be so.</summary>
    internal static void Holds(bool condition, string what)
    {
        if (!condition)
        {
            throw new FindingException(what);
        }
    }
}

/// <summary>A parser did not do what it promises.</summary>
internal sealed class FindingException(string what) : Exception(what);
