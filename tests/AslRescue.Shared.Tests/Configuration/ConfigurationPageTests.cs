using System.Text;
using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

/// <summary>
/// Holds the tables of docs/configuration.md against the key definitions. With ASL_UPDATE_GOLDEN=1 they are written anew instead.
/// </summary>
public sealed class ConfigurationPageTests
{
    private static readonly string Page = RepositoryRoot.PathOf("docs/configuration.md");

    [Fact]
    public void Its_tables_are_those_of_the_code()
    {
        var page = File.ReadAllText(Page);
        var wanted = Replaced(Replaced(page, "keys", Table(ConfigurationKeys.All)), "peers", Table(PeerKeys.All));
        if (Environment.GetEnvironmentVariable("ASL_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Page, wanted);
            return;
        }

        Assert.True(
            wanted == page,
            "The tables of docs/configuration.md are not what the key definitions say. Update them and review the difference:\n"
            + "ASL_UPDATE_GOLDEN=1 dotnet test --project tests/AslRescue.Shared.Tests");
    }

    private static string Replaced(string page, string name, string table)
    {
        var head = $"<!-- {name}: begin -->\n";
        var start = page.IndexOf(head, StringComparison.Ordinal) + head.Length;
        var end = page.IndexOf($"<!-- {name}: end -->", StringComparison.Ordinal);
        Assert.True(start >= head.Length && end >= start, $"docs/configuration.md has lost its marks of \"{name}\"");
        return page[..start] + table + page[end..];
    }

    private static string Table(IEnumerable<KeyDefinition> keys)
    {
        var table = new StringBuilder("| Key | Takes | Default | For | From YAML |\n| --- | --- | --- | --- | --- |\n");
        foreach (var key in keys)
        {
            table.Append($"| {Name(key)} | {key.TypeName} | {Default(key)} | {key.Help} | {Untrusted(key)} |\n");
        }

        return table.ToString();
    }

    private static string Name(KeyDefinition key) => $"`{key.Name}`" + (key.AlsoIn is null ? "" : " (also in federation.conf)");

    private static string Default(KeyDefinition key) => key.DefaultText switch
    {
        null => key.WithoutDefault!,
        "" => "empty",
        _ => $"`{key.DefaultText}`",
    };

    private static string Untrusted(KeyDefinition key) => key switch
    {
        _ when PeerKeys.All.Contains(key) => "not possible",
        { Untrusted: UntrustedUse.Ignored } => "**ignored**, with a warning",
        { Untrusted: UntrustedUse.NeedsApproval } => "needs approval",
        _ => "holds",
    };
}
