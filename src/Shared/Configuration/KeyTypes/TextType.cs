namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A type whose values are written as text.</summary>
internal abstract class TextType<T>(string name, string example) : KeyType<T>(name, example) where T : notnull
{
    public sealed override Reading<T> Read(RawValue raw) => raw.IsText ? Parse(raw) : WrongType(raw);

    protected abstract Reading<T> Parse(RawValue raw);

    public override string Format(T value) => value.ToString() ?? "";
}

/// <summary>A text that must fit a rule.</summary>
/// <param name="name">What it is, with its article.</param>
/// <param name="example">A value as TOML writes it.</param>
/// <param name="rule">The rule.</param>
/// <param name="ruleText">The rule in words that follow the value: "is no absolute path: …".</param>
/// <param name="normalize">Turns the spellings of one value into one.</param>
internal sealed class RuledTextType(
    string name, string example, Func<string, bool> rule, string ruleText, Func<string, string>? normalize = null)
    : TextType<string>(name, example)
{
    protected override Reading<string> Parse(RawValue raw) =>
        rule(raw.Text) ? Reading<string>.Of(normalize?.Invoke(raw.Text) ?? raw.Text) : Bad(raw, ruleText);
}
