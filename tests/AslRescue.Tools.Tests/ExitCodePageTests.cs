using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AslRescue.Shared.Errors;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>
/// Holds the tables of docs/exit-codes.md against <see cref="ExitCodes"/> and <see cref="ErrorCode"/> and their comments. With
/// ASL_UPDATE_GOLDEN=1 they are written anew instead.
/// </summary>
public sealed partial class ExitCodePageTests
{
    private static readonly XDocument Comments = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "AslRescue.Shared.xml"));

    [Fact]
    public void The_page_lists_every_exit_code_and_every_error()
    {
        var path = Checkout.PathOf("docs/exit-codes.md");
        var page = File.ReadAllText(path);
        var wanted = Replaced(Replaced(page, "exit codes", ExitCodeTable()), "errors", ErrorTable());
        if (Golden.IsUpdating)
        {
            File.WriteAllText(path, wanted);
            return;
        }

        Assert.True(wanted == page, $"docs/exit-codes.md is not what the code says. {Golden.HowToUpdate}");
    }

    [Fact]
    public void Every_error_leads_to_an_exit_code_that_is_listed_and_is_a_failure()
    {
        var listed = Constants().Select(constant => constant.Value).ToHashSet();

        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Contains(ExitCodes.For(code), listed));
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.NotEqual(ExitCodes.Done, ExitCodes.For(code)));
    }

    private static string ExitCodeTable()
    {
        var table = new StringBuilder("| Exit code | Meaning |\n| --- | --- |\n");
        foreach (var (name, value) in Constants())
        {
            table.Append($"| {value} | {Summary($"F:{typeof(ExitCodes).FullName}.{name}")} |\n");
        }

        return table.ToString();
    }

    private static string ErrorTable()
    {
        var table = new StringBuilder("| Error | Name | Exit code | Meaning |\n| --- | --- | --- | --- |\n");
        foreach (var code in Enum.GetValues<ErrorCode>().Order())
        {
            table.Append($"| ASL{(int)code} | {code} | {ExitCodes.For(code)} | {Summary($"F:{typeof(ErrorCode).FullName}.{code}")} |\n");
        }

        return table.ToString();
    }

    private static IEnumerable<(string Name, int Value)> Constants() =>
        typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (field.Name, (int)field.GetRawConstantValue()!))
            .OrderBy(constant => constant.Item2);

    private static string Summary(string member)
    {
        var summary = Comments.Descendants("member").SingleOrDefault(element => element.Attribute("name")?.Value == member)?.Element("summary");
        Assert.True(summary is not null, $"{member} has no comment that says what it means");
        foreach (var reference in summary.Descendants("see").ToList())
        {
            reference.ReplaceWith(reference.Attribute("cref")!.Value.Split('.')[^1]);
        }

        return Space().Replace(summary.Value, " ").Trim();
    }

    private static string Replaced(string page, string name, string table)
    {
        var head = $"<!-- {name}: begin -->\n";
        var start = page.IndexOf(head, StringComparison.Ordinal) + head.Length;
        var end = page.IndexOf($"<!-- {name}: end -->", StringComparison.Ordinal);
        Assert.True(start >= head.Length && end >= start, $"docs/exit-codes.md has lost its marks of \"{name}\"");
        return page[..start] + table + page[end..];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
