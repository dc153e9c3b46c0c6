using System.Text;

namespace AslRescue.Tools;

/// <summary>The name that the program was called by. .NET resolves links in its own idea of it, the kernel does not.</summary>
internal static class CalledName
{
    internal static string Read()
    {
        var first = File.ReadAllBytes("/proc/self/cmdline").AsSpan();
        first = first.IndexOf((byte)0) is var end and >= 0 ? first[..end] : first;
        return Path.GetFileName(Encoding.UTF8.GetString(first));
    }
}
