using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Output;

/// <summary>Long results as text on stdout, written as they are found.</summary>
internal static class TextOutput
{
    /// <exception cref="AslException">TargetIo: whoever reads went away, or there is no room.</exception>
    internal static void Write(Action<TextWriter> write)
    {
        using var stream = Console.OpenStandardOutput();
        var output = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16);
        try
        {
            write(output);
            output.Flush();
        }
        catch (IOException exception)
        {
            throw new AslException(new AslError(ErrorCode.TargetIo, "standard output cannot be written")
            {
                Why = exception.Message,
                Fix = "type the command again, into a file that has room or a program that reads to the end",
            });
        }
    }

    /// <summary>A label and a value, in columns.</summary>
    internal static void Line(this TextWriter output, string label, string value) => output.WriteLine($"{label,-10}{value}");

    /// <summary>What is wrong, or that nothing is.</summary>
    internal static void Damages(this TextWriter output, IReadOnlyList<Damage> damages, string otherwise)
    {
        output.WriteLine();
        foreach (var damage in damages)
        {
            output.WriteLine(Of(damage));
        }

        output.WriteLine(damages.Count == 0 ? otherwise : $"damaged in {damages.Count} {(damages.Count == 1 ? "place" : "places")}");
    }

    /// <summary>"damage at 600, 12 bytes: …"</summary>
    internal static string Of(Damage damage) =>
        $"damage at {damage.Offset}, {damage.Length} {(damage.Length == 1 ? "byte" : "bytes")}: {Printable.Text(damage.Why)}";
}
