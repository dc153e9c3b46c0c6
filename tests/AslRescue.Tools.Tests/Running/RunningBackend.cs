using System.Diagnostics;

namespace AslRescue.Tools.Tests.Running;

/// <summary>A real asl-backend over a directory of a scratch folder, with a certificate and tokens of its own.</summary>
internal sealed class RunningBackend : IDisposable
{
    private readonly Process _process;
    private readonly string _state;
    private readonly string _pin;

    internal RunningBackend(Scratch scratch)
    {
        (_state, Store) = (scratch.PathOf("server"), scratch.PathOf("served"));
        _process = Process.Start(new ProcessStartInfo(Checkout.Server, ["--store", Store, "--state", _state, "--listen", "127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        Url = Said("address");
        _pin = Said("fingerprint");
    }

    /// <summary>The folder that it serves.</summary>
    internal string Store { get; }

    internal string Url { get; }

    /// <summary>The options that name it, below a path.</summary>
    internal string[] At(string path = "") => ["--store", Url + path, "--pin", _pin];

    /// <summary>The file with the token of a role.</summary>
    internal string Token(string role) => Path.Combine(_state, "tokens", role);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Said(string word)
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(word, StringComparison.Ordinal))
            {
                return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
            }
        }

        throw new InvalidOperationException($"the server ended without saying its {word}");
    }
}
