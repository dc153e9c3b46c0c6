using System.Diagnostics;
using System.Text.RegularExpressions;
using AslRescue.Shared.Interop;

namespace AslRescue.Tools.Tests.Running;

/// <summary>
/// A directory of one test, with the program under its three names, a machine without any configuration (so that nothing of the
/// machine that runs the tests is read) and room for sources and stores. Gone afterwards.
/// </summary>
internal sealed partial class Scratch : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal Scratch()
    {
        Root = Directory.CreateTempSubdirectory("asl-tools-").FullName;
        foreach (var folder in (string[])["bin", "machine", "source"])
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        foreach (var name in (string[])["asl-intake", "asl-admin", "asl-debug"])
        {
            File.CreateSymbolicLink(PathOf($"bin/{name}"), Checkout.Program);
        }
    }

    internal string Root { get; }

    internal string Source => PathOf("source");

    internal string Store => PathOf("store");

    /// <summary>Deletes everything, by a program that can handle names which .NET cannot.</summary>
    public void Dispose() => Finish(Start("rm", ["--recursive", "--force", Root])).EndsWith(0);

    internal string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>A small file below the source, with a time that does not change from run to run.</summary>
    internal void WriteSource(string path, string content)
    {
        var full = Path.Combine(Source, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        File.SetLastWriteTimeUtc(full, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }

    internal ProgramRun Intake(params string[] arguments) => Run("asl-intake", arguments);

    internal ProgramRun Admin(params string[] arguments) => Run("asl-admin", arguments);

    internal ProgramRun Debug(params string[] arguments) => Run("asl-debug", arguments);

    /// <summary>Ingests the source into the store, which must succeed.</summary>
    internal ProgramRun Ingest(params string[] more) => Intake(["ingest", Source, "--store", Store, .. more]).EndsWith(0);

    /// <summary>Runs a program by one of its names to its end, in the scratch directory.</summary>
    internal ProgramRun Run(string name, params string[] arguments) => Finish(Start(PathOf($"bin/{name}"), [.. arguments, "--root", PathOf("machine")]));

    /// <summary>Runs a line of bash, with the programs in its PATH.</summary>
    internal ProgramRun Shell(string line) => Finish(Start("bash", ["-c", line]));

    /// <summary>Starts a program so that SIGINT reaches it even where whoever runs the tests ignores that signal.</summary>
    internal Process StartInterruptible(string name, params string[] arguments) =>
        Start("env", ["--default-signal=INT,TERM", PathOf($"bin/{name}"), .. arguments, "--root", PathOf("machine")]);

    internal static ProgramRun Finish(Process process)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"still running after {Patience}: {process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}");
            }

            return new(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
    }

    /// <summary>Replaces what differs from run to run and from machine to machine: paths, names, times, what depends on inode numbers.</summary>
    internal string WithPlaceholders(string text)
    {
        text = text.Replace(Root, "SCRATCH", StringComparison.Ordinal);
        text = RunName().Replace(text, "RUN");
        text = FullName().Replace(text, "NAME");
        text = LongPrefix().Replace(text, "PREFIX");
        text = ShortPrefix().Replace(text, "$1SHORT");
        text = Moment().Replace(text, "TIME");
        text = Elapsed().Replace(text, " in ELAPSED");
        text = Added().Replace(text, "added$1SIZE");
        text = Stored().Replace(text, "SIZE$2");
        text = Owners().Replace(text, "$1 OWNER GROUP ");
        return MadeBy().Replace(text, "VERSION with COMPRESSOR on HOST");
    }

    /// <summary>Makes an entry by its raw name; <paramref name="create"/> gets the open folder and must give no error.</summary>
    internal void InSource(Func<int, int> create)
    {
        var folder = Posix.OpenAt(Posix.WorkingDirectory, System.Text.Encoding.UTF8.GetBytes(Source), OpenFlags.ReadOnly | OpenFlags.Directory);
        using var owned = Posix.Own(folder);
        var result = create(folder);
        Assert.True(result >= 0, $"{Errno.Text(result)}");
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["PATH"] = $"{PathOf("bin")}:{start.Environment["PATH"]}";
        start.Environment["ASL_RULES"] = Checkout.PathOf("rules"); // as ./asl sets it: the machine of a test has no overlay
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    [GeneratedRegex("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")]
    private static partial Regex RunName();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex FullName();

    [GeneratedRegex(@"\b[0-9a-f]{16}\b")]
    private static partial Regex LongPrefix();

    [GeneratedRegex(@"(artifact |block |segment |snapshot |incremental to |hash to |blocks/)[0-9a-f]{2,8}(\b|…)")]
    private static partial Regex ShortPrefix();

    [GeneratedRegex(@"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z?")]
    private static partial Regex Moment();

    [GeneratedRegex(@" in [0-9.:]+ (s|min)\b")]
    private static partial Regex Elapsed();

    [GeneratedRegex(@"added( +)[0-9.]+ [kM]?B( for [0-9.]+ [kM]?B)?")]
    private static partial Regex Added();

    [GeneratedRegex("[0-9.]+( [kM]?B)?( read and hashed| stored bytes)")]
    private static partial Regex Stored();

    [GeneratedRegex("^([-dlpscb][0-7]{4}) +[0-9]+ +[0-9]+ ", RegexOptions.Multiline)]
    private static partial Regex Owners();

    [GeneratedRegex(@"[0-9.]+ with .* on .*$", RegexOptions.Multiline)]
    private static partial Regex MadeBy();
}
