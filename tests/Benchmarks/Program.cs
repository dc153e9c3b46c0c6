using AslRescue.Benchmarks;
using BenchmarkDotNet.Running;

// index COUNT DIR: a synthetic store index of COUNT artifacts is made in DIR and looked up. rebuild COUNT DIR: the segments of a group of
// COUNT artifacts are made again from the footers of blocks in DIR. Anything else goes to BenchmarkDotNet.
if (args is ["index", var count, var folder])
{
    IndexScale.Run(long.Parse(count, System.Globalization.CultureInfo.InvariantCulture), folder);
    return;
}

if (args is ["rebuild", var rows, var blocks])
{
    RebuildScale.Run(long.Parse(rows, System.Globalization.CultureInfo.InvariantCulture), blocks);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
