using AslRescue.Shared.Configuration;
using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Configuration;

/// <summary>A machine's root as a folder of files that a test writes. What it shows has the folder's own path cut out.</summary>
internal sealed class ConfiguredMachine : IDisposable
{
    public const string AslConf = "/etc/asl/asl.conf";
    public const string FederationConf = "/etc/asl/federation.conf";
    public const string LoggingConf = "/etc/asl/logging.conf";
    public const string Yaml = "/etc/sysrescue/sysrescue-effective-config.json";
    public const string CommandLine = "/proc/cmdline";

    public string Root { get; } = Directory.CreateTempSubdirectory("asl-configuration-").FullName;

    public static ConfiguredMachine With(string path, string text) => new ConfiguredMachine().And(path, text);

    public ConfiguredMachine And(string path, string text) => And(path, System.Text.Encoding.UTF8.GetBytes(text));

    public ConfiguredMachine And(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + path)!);
        File.WriteAllBytes(Root + path, bytes);
        return this;
    }

    public AslConfiguration Load(params (string Key, string Value)[] options) =>
        ConfigurationLoader.Load(new ConfigurationPaths(Root), options.ToDictionary(o => o.Key, o => o.Value));

    public string ErrorOf(params (string Key, string Value)[] options) => Shown(Failure(options).ToString());

    public AslError Failure(params (string Key, string Value)[] options) =>
        Assert.Throws<AslException>(() => Load(options)).Error;

    public string Shown(string text) => text.Replace(Root, "", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
