using System.Diagnostics;
using System.Globalization;
using AslRescue.Shared.Errors;
using SharpFuzz;

namespace AslRescue.Fuzz;

/// <summary>
/// The targets as a program:
/// <code>
/// --list                      their names
/// --instrument FOLDER         makes the assemblies in a copy of this program's folder tell afl-fuzz which branches they take
/// --target NAME               takes inputs from afl-fuzz, one after the other in one process; by hand, one from standard input
/// --replay NAME FILE…         runs inputs, and tells what is wrong with the first
/// --seeds FOLDER              writes inputs to begin with: FOLDER/NAME/…
/// --minimise NAME FILE        makes an input that is a finding shorter, as long as it is the same finding
/// </code>
/// </summary>
internal static class Program
{
    /// <summary>Ours, and the one parser of a package that is no part of the shared framework.</summary>
    private static readonly string[] Instrumented = ["AslRescue.Shared", "AslRescue.Store", "AslRescue.Preflight", "AslRescue.Intake", "AslRescue.Audit", "asl-backend", "Tomlyn"];

    private static int Main(string[] arguments) => arguments switch
    {
        ["--list"] => List(),
        ["--instrument", var folder] => Instrument(folder),
        ["--target", var name] when Catalog.Find(name) is { } target => Feed(target),
        ["--replay", var name, .. var files] when Catalog.Find(name) is { } target => Replay(target, files),
        ["--seeds", var folder] => WriteSeeds(folder),
        ["--minimise", var name, var file] when Catalog.Find(name) is { } target => Minimiser.Run(target, file),
        _ => Usage(),
    };

    private static int Usage()
    {
        Console.Error.WriteLine("usage: AslRescue.Fuzz --list | --instrument FOLDER | --target NAME | --replay NAME FILE… | --seeds FOLDER | --minimise NAME FILE");
        return 2;
    }

    private static int List()
    {
        foreach (var target in Catalog.All)
        {
            Console.WriteLine($"{target.Name} {target.InputBytesMax}");
        }

        return 0;
    }

    private static int Instrument(string folder)
    {
        foreach (var assembly in Instrumented)
        {
            Console.WriteLine($"{assembly}: {Fuzzer.Instrument(Path.Combine(folder, assembly + ".dll"), _ => true, Options.Value).Count()} types");
        }

        return 0;
    }

    private static int Feed(FuzzTarget target)
    {
        using var meter = new Meter(Environment.GetEnvironmentVariable("ASL_FUZZ_METER"));
        Fuzzer.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            meter.Count();

            // A branch for inputs that lead to none, such as an empty one: afl-fuzz takes an execution without any for a program without counters.
            _ = Printable.Text("");
            GuardedRun.Run(target, input.ToArray());
        });
        return 0;
    }

    private static int Replay(FuzzTarget target, string[] files)
    {
        foreach (var file in files)
        {
            var watch = Stopwatch.StartNew();
            GuardedRun.Run(target, File.ReadAllBytes(file));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {watch.Elapsed.TotalMilliseconds:F1} ms"));
        }

        return 0;
    }

    private static int WriteSeeds(string folder)
    {
        foreach (var target in Catalog.All)
        {
            var path = Directory.CreateDirectory(Path.Combine(folder, target.Name)).FullName;
            foreach (var (name, content) in target.Seeds().Where(seed => seed.Content.Length > 0 && seed.Content.Length <= target.InputBytesMax))
            {
                File.WriteAllBytes(Path.Combine(path, "seed-" + name), content);
            }
        }

        return 0;
    }
}
