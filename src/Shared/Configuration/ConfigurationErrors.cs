using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Every error of the configuration, in one place, so that they read as one voice.</summary>
internal static class ConfigurationErrors
{
    public static AslException Unreadable(string path, string why, Exception? inner) => new(
        new AslError(ErrorCode.ConfigUnreadable, "a configuration file cannot be read")
        {
            Where = path,
            Why = why,
            Fix = "run as root, or mend the file; without the file the built-in defaults hold",
        },
        inner);

    public static AslException NotUtf8(string where) => new(new AslError(
        ErrorCode.ConfigSyntax, "a configuration file is not UTF-8")
    {
        Where = where,
        Why = "the byte there begins no character of UTF-8",
        Fix = "save the file as UTF-8, then: asl-admin config",
    });

    public static AslException Syntax(string where, string why, bool isLenient) => new(new AslError(
        ErrorCode.ConfigSyntax,
        isLenient ? "a line is neither TOML nor what asl.conf allows beside it" : "a configuration file is not TOML")
    {
        Where = where,
        Why = why,
        Fix = (isLenient ? "" : "put texts in double quotes, or ") + "correct the line, then: asl-admin config",
    });

    public static AslException NotJson(string where) => new(new AslError(
        ErrorCode.ConfigSyntax, "SystemRescue's configuration is not JSON")
    {
        Where = where,
        // The parser's own words could quote what stands beside the fault, and other scopes of this file hold passwords.
        Why = "the text there fits no JSON value",
        Fix = "correct the YAML files in sysrescue.d and boot again; asl.KEY=VALUE on the kernel command line needs no YAML",
    });

    public static AslException Duplicate(string key, string where, string firstWhere) => new(new AslError(
        ErrorCode.ConfigSyntax, $"{key} is stated twice")
    {
        Where = where,
        Why = $"it stands at {firstWhere} already",
        Fix = "remove one of the two lines",
    });

    public static AslException UnknownKey(RawEntry entry, string why) => new(new AslError(
        ErrorCode.ConfigUnknownKey, $"unknown key {Cut(entry.Key)}")
    {
        Where = entry.Where,
        Why = why,
        Fix = "correct or remove it; asl-admin config lists every key",
    });

    public static AslException Value(string key, ValueProblem problem, string form) => new(new AslError(
        problem.Code,
        $"{key} has a value {(problem.Code == ErrorCode.ConfigWrongType ? "of the wrong type" : "that cannot work")}")
    {
        Where = problem.Where,
        Why = problem.Why,
        Fix = $"write it as in: {form}",
    });

    public static AslException Contradiction(string key, string where, string why, string fix) => new(new AslError(
        ErrorCode.ConfigBadValue, $"{key} has a value that cannot work")
    {
        Where = where,
        Why = why,
        Fix = fix,
    });

    public static AslException Conflict(string key, ConfigurationValue one, ConfigurationValue other) => new(new AslError(
        ErrorCode.ConfigConflict, $"two files state different values for {key}")
    {
        Where = other.Origin.Where,
        Why = $"it says {ValueProblem.Quoted(other.Text)}; {one.Origin.Where} says {ValueProblem.Quoted(one.Text)}",
        Fix = $"asl.conf rules: state the same in both, or remove {key} here",
    });

    private static string Cut(string key) => key.Length <= 80 ? key : key[..80] + "…";
}
