using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Configuration;

/// <summary>Why a written value is not one that its key takes.</summary>
/// <param name="Code">ConfigWrongType or ConfigBadValue.</param>
/// <param name="Where">The value, or the item of a list, that is wrong.</param>
/// <param name="Why">The cause, naming the value.</param>
internal sealed record ValueProblem(ErrorCode Code, string Where, string Why)
{
    private const int QuotedCharactersMax = 60;

    public static ValueProblem WrongType(RawValue raw, string taken) =>
        new(ErrorCode.ConfigWrongType, raw.Where, $"it is {Described(raw)}; the key takes {taken}");

    public static ValueProblem Bad(RawValue raw, string why) => new(ErrorCode.ConfigBadValue, raw.Where, $"{Quoted(raw.Text)} {why}");

    /// <summary>A value as messages show it: cut where it is long. The error escapes what could disturb a terminal.</summary>
    public static string Quoted(string text) =>
        text.Length <= QuotedCharactersMax ? $"\"{text}\"" : $"\"{text[..QuotedCharactersMax]}…\"";

    private static string Described(RawValue raw) =>
        raw.Kind is RawKind.List or RawKind.Table or RawKind.Null ? raw.KindText : $"{raw.KindText} ({Quoted(raw.Text)})";
}

/// <summary>A value, or the reason why there is none.</summary>
internal readonly record struct Reading<T>(T? Value, ValueProblem? Problem)
{
    public static Reading<T> Of(T value) => new(value, null);

    public static Reading<T> Failed(ValueProblem problem) => new(default, problem);
}
