using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Backend.Pages;

/// <summary>
/// HTML that is being written. Only interpolated strings can be added: their literal parts are markup, every text in a hole is made printable and
/// encoded, for content and for attributes in double quotes alike. So a name from a disk cannot become markup by being forgotten.
/// </summary>
internal sealed class Html
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder _text = new();

    /// <summary>A piece of its own.</summary>
    internal static Html Of(Markup markup) => markup.Target;

    /// <summary>Appends.</summary>
#pragma warning disable CA1801, IDE0060 // The handler has written into this by the time of the call.
    internal Html Add([InterpolatedStringHandlerArgument("")] Markup markup) => this;
#pragma warning restore CA1801, IDE0060

    /// <summary>Appends a piece for each of a list.</summary>
    internal Html AddAll<T>(IEnumerable<T> items, Func<T, Html> piece)
    {
        foreach (var item in items)
        {
            _text.Append(piece(item)._text);
        }

        return this;
    }

    /// <summary>As sent.</summary>
    internal byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>What the compiler makes of an interpolated string.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Markup
    {
        public Markup(int literalLength, int formattedCount)
            : this(literalLength, formattedCount, new Html())
        {
        }

        public Markup(int literalLength, int formattedCount, Html target)
        {
            Target = target;
            target._text.EnsureCapacity(target._text.Length + literalLength + (formattedCount * 16));
        }

        internal Html Target { get; }

        public void AppendLiteral(string markup) => Target._text.Append(markup);

        public void AppendFormatted(string? text) => Target._text.Append(Encoder.Encode(Printable.Text(text ?? "")));

        public void AppendFormatted(long number) => Target._text.Append(CultureInfo.InvariantCulture, $"{number}");

        public void AppendFormatted(Digest digest) => Target._text.Append(digest.ToString());

        public void AppendFormatted(Html? piece) => Target._text.Append(piece?._text);
    }
}
