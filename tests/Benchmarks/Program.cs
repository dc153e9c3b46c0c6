using AslRescue.Benchmarks;
using BenchmarkDotNet.Running;

// index COUNT DIR: a synthetic store index of COUNT artifacts is made in DIR and looked up. Anything else goes to BenchmarkDotNet.
if (args is ["index", var count, var folder])
{
    IndexScale.Run(long.Parse(count, System.Globalization.CultureInfo.InvariantCulture), folder);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
