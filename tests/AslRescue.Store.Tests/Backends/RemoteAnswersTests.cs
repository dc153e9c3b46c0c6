using System.Text;
using AslRescue.Store.Backends;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Store.Tests.Backends;

/// <summary>A server is believed in nothing: what it answers is what was asked for, and ends, or it is none.</summary>
public sealed class RemoteAnswersTests
{
    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("../../../etc/cron.d/x")]
    [InlineData("a/b")]
    [InlineData("a\\u0000b")]
    public void A_listing_with_a_name_that_leads_elsewhere_is_refused(string name) =>
        Assert.Throws<RemoteFault>(() => Page($"{{\"items\":[{{\"name\":\"{name}\"}}]}}"));

    [Theory]
    [InlineData("{\"items\":[{\"name\":null}]}")]
    [InlineData("{\"items\":[{\"name\":\"a\",\"length\":-1}]}")]
    [InlineData("{\"items\":[{\"name\":\"a\",\"length\":9223372036854775807}]}")]
    [InlineData("{\"items\":[{}]}")]
    [InlineData("{\"items\":3}")]
    [InlineData("[]")]
    [InlineData("\"\\ud800\"")]
    [InlineData("")]
    public void What_is_no_listing_is_refused(string body) => Assert.Throws<RemoteFault>(() => Page(body));

    [Fact]
    public void A_listing_that_was_written_is_read()
    {
        FolderItem[] items = [new("0000000001", false, 5), new("run", true, 0)];
        var (read, next) = RemoteAnswers.Read(new MemoryStream(RemoteWire.WritePage(items, "run")), RemoteWire.ReadPage);

        Assert.Equal(items, read);
        Assert.Equal("run", next);
    }

    [Fact]
    public void An_answer_without_an_end_is_given_up()
    {
        using var endless = new Endless();

        Assert.Throws<RemoteFault>(() => RemoteAnswers.Read(endless, RemoteWire.ReadPage));
        Assert.InRange(endless.Given, RemoteAnswers.BodyBytesMax, RemoteAnswers.BodyBytesMax + (64 << 10));
        Assert.Null(RemoteAnswers.ReadProblem(endless));
    }

    [Fact]
    public void Facts_without_a_text_are_none() => Assert.Throws<RemoteFault>(() =>
        RemoteAnswers.Read(new MemoryStream("{\"program\":null,\"format\":\"\",\"caller\":\"\",\"role\":\"\",\"domains\":[]}"u8.ToArray()), RemoteWire.ReadFacts));

    private static (List<FolderItem>, string?) Page(string body) => RemoteAnswers.Read(new MemoryStream(Encoding.UTF8.GetBytes(body)), RemoteWire.ReadPage);

    private sealed class Endless : Stream
    {
        internal long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            buffer.AsSpan(offset, count).Fill((byte)' ');
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
