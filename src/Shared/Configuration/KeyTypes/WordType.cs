namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>One of a few words. They are given, not taken from the enumeration: words are a format, names are code.</summary>
internal sealed class WordType<T>(params (string Word, T Value)[] words)
    : TextType<T>("one of " + string.Join(", ", words.Select(w => w.Word)), $"\"{words[0].Word}\"") where T : struct, Enum
{
    public override string Format(T value) => words.First(w => w.Value.Equals(value)).Word;

    protected override Reading<T> Parse(RawValue raw)
    {
        foreach (var (word, value) in words)
        {
            // Serilog's own names begin with a capital: people copy them.
            if (word.Equals(raw.Text, StringComparison.OrdinalIgnoreCase))
            {
                return Reading<T>.Of(value);
            }
        }

        return Bad(raw, $"is not {Name}");
    }
}
