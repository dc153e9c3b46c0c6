using System.Text;

namespace AslRescue.Tools.Verbs;

/// <summary>A key from the operator: typed at a terminal without being shown, or all of standard input (a raw key has 32 bytes of any value).</summary>
internal static class KeyInput
{
    private const int BytesMax = 4096;

    internal static byte[] Read() => Console.IsInputRedirected ? All() : Typed();

    private static byte[] All()
    {
        using var input = Console.OpenStandardInput();
        var bytes = new byte[BytesMax];
        return bytes[..input.ReadAtLeast(bytes, BytesMax, throwOnEndOfStream: false)];
    }

    private static byte[] Typed()
    {
        Console.Error.Write("key (is not shown): ");
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key != ConsoleKey.Backspace)
            {
                text.Append(key.KeyChar);
            }
            else if (text.Length > 0)
            {
                text.Length--;
            }
        }

        Console.Error.WriteLine();
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
