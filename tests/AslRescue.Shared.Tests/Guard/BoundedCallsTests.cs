using System.Text;
using AslRescue.Shared.Guard;
using AslRescue.Shared.Interop;

namespace AslRescue.Shared.Tests.Guard;

/// <summary>What is written goes where it may, or nowhere.</summary>
public sealed class BoundedCallsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("asl-bounds-").FullName;
    private readonly BoundedCalls _calls = new(FileCalls.Kernel, new LivePaths());

    public BoundedCallsTests() => _calls.Allow(On("state"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_place_and_the_folders_on_the_way_to_it_can_be_made_and_written_below()
    {
        _calls.Allow(On("var/lib/asl"));
        Assert.Equal(0, _calls.MakeFolder(Raw("var")));
        Assert.Equal(0, _calls.MakeFolder(Raw("var/lib")));
        Assert.Equal(0, _calls.MakeFolder(Raw("var/lib/asl")));
        Assert.Equal(0, _calls.MakeFolder(Raw("var/lib/asl/runtime")));
        Assert.True(Created("var/lib/asl/runtime/journal"));
        Assert.Empty(_calls.TakeRefused());
    }

    [Fact]
    public void What_lies_elsewhere_is_neither_made_nor_opened_nor_removed_nor_renamed()
    {
        Assert.Equal(0, _calls.MakeFolder(Raw("state")));
        Assert.True(Created("state/own"));
        File.WriteAllText(On("other"), "as it was");
        Assert.False(Created("beside"));
        Assert.Equal(-Errno.EPERM, _calls.Open(Raw("other")));
        Assert.Equal(-Errno.EPERM, _calls.Unlink(Raw("other")));
        Assert.Equal(-Errno.EPERM, _calls.Rename(Raw("other"), Raw("state/taken")));
        Assert.Equal(-Errno.EPERM, _calls.Rename(Raw("state/own"), Raw("other")));
        Assert.Equal(-Errno.EPERM, _calls.RenameNew(Raw("state/own"), Raw("beside")));
        Assert.Equal(-Errno.EPERM, _calls.Link(Raw("state/own"), Raw("beside")));
        Assert.Equal(-Errno.EPERM, _calls.MakeFolder(Raw("statement")));
        Assert.Equal("as it was", File.ReadAllText(On("other")));
        Assert.False(File.Exists(On("beside")));
        Assert.Equal(8, _calls.TakeRefused().Count);
        Assert.Empty(_calls.TakeRefused());
    }

    [Fact]
    public void A_link_within_a_place_leads_nowhere()
    {
        Directory.CreateDirectory(On("state"));
        Directory.CreateDirectory(On("elsewhere"));
        Directory.CreateSymbolicLink(On("state/blocks"), On("elsewhere"));
        Assert.False(Created("state/blocks/3f"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(On("elsewhere")));
        Assert.Equal(new RefusedWrite("create", On("state/blocks/3f"), On("elsewhere/3f")), Assert.Single(_calls.TakeRefused()));
    }

    [Fact]
    public void What_is_given_back_is_not_written_to_any_more()
    {
        Directory.CreateDirectory(On("backend/blocks"));
        Assert.False(Created("backend/blocks/1"));
        _calls.Allow(On("backend"));
        Assert.True(Created("backend/blocks/2"));
        _calls.Withdraw(On("backend"));
        Assert.False(Created("backend/blocks/3"));
        Assert.Equal(["create", "create"], _calls.TakeRefused().Select(refused => refused.What));
    }

    [Fact]
    public void A_name_that_only_begins_like_a_place_is_another_place()
    {
        Directory.CreateDirectory(On("state"));
        Directory.CreateDirectory(On("state-of-others"));
        Assert.False(Created("state-of-others/file"));
        Assert.False(Created("state/../state-of-others/file"));
    }

    private string On(string path) => Path.Combine(_root, path);

    private byte[] Raw(string path) => Encoding.UTF8.GetBytes(On(path));

    private bool Created(string path)
    {
        var file = _calls.Create(Raw(path), OpenFlags.WriteOnly, 0x180);
        if (file >= 0)
        {
            Posix.Own(file).Dispose();
        }

        return file >= 0;
    }
}
