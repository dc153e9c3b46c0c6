namespace AslRescue.Shared.Configuration;

/// <summary>
/// The leniency of asl.conf: <c>mode = auto # auto | local | remote</c> is not TOML, but the schema of the overlay writes it so.
/// <para>
/// The rule, as docs/configuration.md states it: a value on the line of its key that is not TOML, and begins with none of
/// <c>" ' [ {</c>, is text up to a # that follows a space or tab, or to the end of the line, without the spaces around it.
/// Nothing inside it is an escape, and it has no control characters.
/// </para>
/// <para>
/// How: each such value is overwritten, in the text that the TOML parser gets, by a 0 and as many spaces as keep the length.
/// So every position the parser reports is one of the original file, and what it reports at that offset is replaced by the text.
/// Quoting the values instead would move what follows them.
/// </para>
/// </summary>
internal sealed class UnquotedValues
{
    private readonly string _text;
    private readonly char[] _masked;
    private readonly Dictionary<int, string> _values = [];

    private UnquotedValues(string text)
    {
        _text = text;
        _masked = text.ToCharArray();
    }

    /// <summary>Offset of each unquoted value, with the text it stands for.</summary>
    public IReadOnlyDictionary<int, string> Values => _values;

    /// <summary>The same text, as long, with each unquoted value turned into a TOML value.</summary>
    public string Masked => new(_masked);

    public static UnquotedValues In(string text)
    {
        var found = new UnquotedValues(text);
        for (var line = 0; line < text.Length;)
        {
            line = found.ReadLine(line);
        }

        return found;
    }

    /// <summary>Handles what starts on this line and returns where the next thing starts: after a long array, some lines down.</summary>
    private int ReadLine(int line)
    {
        var value = ValueStart(line);
        if (value < 0)
        {
            return NextLine(line);
        }

        if (_text[value] is '"' or '\'' or '[' or '{')
        {
            return AfterTomlValue(value);
        }

        MaskUnlessToml(value, UnquotedEnd(value));
        return NextLine(value);
    }

    private void MaskUnlessToml(int start, int end)
    {
        var value = _text[start..end];
        if (value.Length > 0 && !value.Any(c => char.IsControl(c) && c != '\t') && !TomlReader.IsValue(value))
        {
            _values.Add(start, value);
            _masked.AsSpan(start, value.Length).Fill(' ');
            _masked[start] = '0';
        }
    }

    /// <summary>Where the value of a <c>key = value</c> line starts, or -1 when the line is none.</summary>
    private int ValueStart(int line)
    {
        var at = SkipBlanks(line);
        if (at < _text.Length && _text[at] == '[')
        {
            return -1;
        }

        while (at < _text.Length && _text[at] is not ('=' or '#' or '\n'))
        {
            at = _text[at] is '"' or '\'' ? AfterString(at) : at + 1;
        }

        if (at >= _text.Length || _text[at] != '=')
        {
            return -1;
        }

        at = SkipBlanks(at + 1);
        return at < _text.Length && _text[at] is not ('#' or '\n' or '\r') ? at : -1;
    }

    private int UnquotedEnd(int start)
    {
        var end = start;
        while (end < _text.Length && _text[end] != '\n' && !(_text[end] == '#' && _text[end - 1] is ' ' or '\t'))
        {
            end++;
        }

        return start + _text.AsSpan(start, end - start).TrimEnd(" \t\r").Length;
    }

    /// <summary>Past the line on which a quoted text, array or inline table ends; the parser judges it, this only skips.</summary>
    private int AfterTomlValue(int at)
    {
        for (var depth = 0; at < _text.Length;)
        {
            var c = _text[at];
            if (c == '\n' && depth <= 0)
            {
                return at + 1;
            }

            depth += c is '[' or '{' ? 1 : c is ']' or '}' ? -1 : 0;
            at = c is '"' or '\'' ? AfterString(at) : c == '#' ? NextLine(at) - 1 : at + 1;
        }

        return at;
    }

    /// <summary>Past a text of any of the four kinds. One that is not closed ends at its line, or at the file's end if triple.</summary>
    private int AfterString(int at)
    {
        var quote = _text[at];
        var fence = new string(quote, _text.AsSpan(at).StartsWith([quote, quote, quote]) ? 3 : 1);
        for (at += fence.Length; at < _text.Length; at++)
        {
            if (_text.AsSpan(at).StartsWith(fence))
            {
                return AfterFence(at + fence.Length, fence);
            }

            if (_text[at] == '\n' && fence.Length == 1)
            {
                return at;
            }

            at += _text[at] == '\\' && quote == '"' ? 1 : 0;
        }

        return _text.Length;
    }

    /// <summary>A triple quote may be preceded by up to two quotes that belong to the text: the fence is the last three.</summary>
    private int AfterFence(int at, string fence)
    {
        for (var spare = fence.Length - 1; spare > 0 && at < _text.Length && _text[at] == fence[0]; spare--)
        {
            at++;
        }

        return at;
    }

    private int SkipBlanks(int at)
    {
        while (at < _text.Length && _text[at] is ' ' or '\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>Past the next line feed, or the length of the text plus one, so that one less is always "at the line's end".</summary>
    private int NextLine(int at)
    {
        var end = at < _text.Length ? _text.IndexOf('\n', at) : -1;
        return end < 0 ? _text.Length + 1 : end + 1;
    }
}
