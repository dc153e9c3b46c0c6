using AslRescue.Shared.Errors;
using AslRescue.Testing;

namespace AslRescue.Store.Tests;

/// <summary>Where a store is made, and where it is not.</summary>
public sealed class StoreMakingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("format.toml.bed800aab0907346-1.unsealed")]
    [InlineData(".asl-0123456789abcdef0123456789abcdef.unsealed")]
    public void A_store_is_made_where_the_making_of_one_was_killed(string left)
    {
        File.WriteAllText(Path.Combine(_folder.Path, left), "format");
        using var store = ArtifactStore.OpenOrCreate(_folder.Path);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "format.toml")));
    }

    [Theory]
    [InlineData("letter")]
    [InlineData("format.toml.old")]
    [InlineData("blocks.unsealed")]
    public void A_store_is_not_made_where_something_else_lies(string name)
    {
        File.WriteAllText(Path.Combine(_folder.Path, name), "");
        Assert.Equal(ErrorCode.StoreMissing, Assert.Throws<AslException>(() => ArtifactStore.OpenOrCreate(_folder.Path)).Error.Code);
        Assert.Equal([name], Directory.EnumerateFiles(_folder.Path).Select(path => Path.GetFileName(path)));
    }
}
