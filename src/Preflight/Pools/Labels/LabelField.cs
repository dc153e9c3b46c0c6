using System.Globalization;

namespace AslRescue.Preflight.Pools.Labels;

/// <summary>
/// A field of a label's configuration: a number, a text, or fields of its own. Members of a list are fields of their own, named as zdb
/// prints them: "children[0]".
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Set for a number.</param>
/// <param name="Text">Set for a text.</param>
internal sealed record LabelField(string Name, ulong? Number = null, string? Text = null)
{
    public List<LabelField> Children { get; } = [];

    public LabelField? Find(string name) => Children.Find(child => child.Name == name);

    public ulong? NumberOf(string name) => Find(name)?.Number;

    public string? TextOf(string name) => Find(name)?.Text;

    /// <summary>The members of a list, in their order.</summary>
    public IEnumerable<LabelField> Members(string list) => Children.Where(child => child.Name.StartsWith(list + "[", StringComparison.Ordinal));

    /// <summary>The name of a list's member.</summary>
    public static string Member(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");
}
