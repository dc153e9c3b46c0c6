using System.Text.RegularExpressions;
using AslRescue.Tools.Tests.Running;

namespace AslRescue.Tools.Tests;

/// <summary>What refers to a document or a file of the checkout leads somewhere.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Links_between_documents_lead_to_files_that_are_there()
    {
        foreach (var document in Documents())
        {
            var folder = Path.GetDirectoryName(document)!;
            var broken = Link().Matches(File.ReadAllText(document)).Select(link => link.Groups[1].Value)
                .Where(target => !Path.Exists(Path.Combine(folder, target)));
            Assert.True(!broken.Any(), $"{document} links to {string.Join(", ", broken)}");
        }
    }

    [Fact]
    public void Documents_that_code_and_documents_name_are_there()
    {
        var sources = Directory.EnumerateFiles(Checkout.PathOf("src"), "*.cs", SearchOption.AllDirectories);
        foreach (var file in sources.Concat(Documents()))
        {
            var missing = Named().Matches(File.ReadAllText(file)).Select(name => name.Value).Where(name => !File.Exists(Checkout.PathOf(name)));
            Assert.True(!missing.Any(), $"{file} names {string.Join(", ", missing)}");
        }
    }

    private static IEnumerable<string> Documents() =>
        ((string[])["docs", "rules", "overlay"]).SelectMany(folder => Directory.EnumerateFiles(Checkout.PathOf(folder), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Checkout.PathOf("."), "*.md"));

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\bdocs/[a-z0-9/-]+\.md\b")]
    private static partial Regex Named();
}
