using System.Text;
using AslRescue.Backend.Storage;
using AslRescue.Shared;
using AslRescue.Shared.Errors;
using AslRescue.Store.Backends;
using AslRescue.Testing;

namespace AslRescue.Backend.Tests.Storage;

/// <summary>Requests and replies that are lost: no false answer, no object that differs, no error where patience helps.</summary>
public sealed class S3FaultTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly ManualTime _time = new() { RunsByItself = true };
    private readonly S3Backend _backend;

    public S3FaultTests() => _backend = new(_engine.Options, _time);

    public void Dispose()
    {
        _backend.Dispose();
        _engine.Dispose();
    }

    [Theory]
    [InlineData("DropRequest")]
    [InlineData("DropReply")]
    [InlineData("CutReply")]
    [InlineData("Fail")]
    [InlineData("FailAfterwards")]
    [InlineData("SlowDown")]
    [InlineData("Conflict")]
    public void A_fault_of_any_one_request_changes_no_answer(string kind)
    {
        var fault = Enum.Parse<Fault>(kind);
        var without = Work();
        var failing = 0;
        bool hasFailed;
        do
        {
            _engine.Objects.Clear();
            var (begin, at) = (_engine.Requests, ++failing);
            _engine.Faults = (number, _) => number == begin + at ? fault : Fault.None;
            Assert.Equal(without, Work());
            hasFailed = _engine.Requests >= begin + at;
        }
        while (hasFailed);
        Assert.InRange(failing, 14, 100);
    }

    /// <summary>One of each thing that a backend does, and what came of it.</summary>
    private string Work()
    {
        var answers = new StringBuilder();
        answers.Append(_backend.TryCreate(Name("a"), "first"u8)).Append(_backend.TryCreate(Name("a"), "second"u8));
        answers.Append(_backend.TryCreate(Name("a"), "first"u8)).Append(_backend.TryCreate(Name("b"), SeededBytes.Of(1, 600_000)));
        answers.Append(_backend.Holds(Name("a"), "first"u8)).Append(_backend.Holds(Name("a"), "secon"u8)).Append(_backend.Open(Name("c")) is null);
        answers.Append(Encoding.UTF8.GetString(_backend.ReadAll(Name("a")))).Append(Digest.Of(_backend.ReadAll(Name("b"))));
        answers.AppendJoin(';', _backend.List(ObjectName.RunFolder("d", "r")));
        answers.Append(_backend.Open(Name("b"))!.Length);
        return answers.AppendJoin(';', _engine.Objects.OrderBy(item => item.Key).Select(item => $"{item.Key} {Digest.Of(item.Value.Content)}")).ToString();
    }

    [Fact]
    public void Equal_bytes_that_another_writer_stored_are_not_taken_for_the_own_ones()
    {
        _engine.Faults = (number, method) =>
        {
            if (number > 1 || method != "PUT")
            {
                return Fault.None;
            }

            _engine.Objects["logs/d/runs/r/a"] = new("same"u8.ToArray(), Digest.Of("same"u8).ToString(), "another");
            return Fault.DropReply;
        };
        Assert.False(_backend.TryCreate(Name("a"), "same"u8));
        Assert.True(_backend.Holds(Name("a"), "same"u8));
        Assert.Equal("another", _engine.Objects["logs/d/runs/r/a"].Writer);
    }

    [Fact]
    public void Without_any_reply_creating_fails_in_time_and_the_object_is_whole_or_absent()
    {
        _engine.Faults = (_, method) => method == "PUT" ? Fault.DropReply : Fault.None;
        var error = Fails(() => _backend.TryCreate(Name("a"), "all"u8));
        Assert.False(error.IsPermanent);
        Assert.Contains("logs/d/runs/r/a", error.Where, StringComparison.Ordinal);
        Assert.InRange(_time.Now - TimeSpan.FromHours(1), TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(60));
        _engine.Faults = (_, _) => Fault.None;
        Assert.False(_backend.TryCreate(Name("a"), "all"u8));
        Assert.True(_backend.Holds(Name("a"), "all"u8));
    }

    [Fact]
    public void Without_any_reply_to_the_question_who_created_an_object_nobody_is_told_that_he_did()
    {
        _engine.Faults = (number, method) => (number, method) switch { (1, _) => Fault.DropReply, (_, "HEAD") => Fault.Fail, _ => Fault.None };
        Assert.False(Fails(() => _backend.TryCreate(Name("a"), "all"u8)).IsPermanent);
    }

    [Fact]
    public void What_will_not_pass_is_asked_once()
    {
        _engine.Faults = (_, _) => Fault.Deny;
        var error = Fails(() => _backend.TryCreate(Name("a"), "x"u8));
        Assert.True(error.IsPermanent);
        Assert.Contains("403 AccessDenied", error.Why, StringComparison.Ordinal);
        Assert.Contains("access key", error.Fix, StringComparison.Ordinal);
        Assert.Equal(1, _engine.Requests);
        Assert.True(Fails(() => _backend.Open(Name("a"))).IsPermanent);
        Assert.True(Fails(() => _backend.List("blocks").ToList()).IsPermanent);
    }

    [Fact]
    public void A_bucket_that_is_gone_does_not_look_like_a_store_in_which_nothing_is()
    {
        _engine.HasBucket = false;
        var error = Fails(() => _backend.Open(Name("a")));
        Assert.True(error.IsPermanent);
        Assert.Contains("NoSuchBucket", error.Why, StringComparison.Ordinal);
        Assert.True(Fails(() => _backend.List("").ToList()).IsPermanent);
        Assert.True(Fails(() => _backend.TryCreate(Name("a"), "x"u8)).IsPermanent);
    }

    [Fact]
    public void An_engine_that_is_not_there_is_no_permanent_failure()
    {
        using var backend = new S3Backend(_engine.Options with { Endpoint = new("http://127.0.0.1:9") }, _time);
        var error = Fails(() => backend.Open(Name("a")));
        Assert.False(error.IsPermanent);
        Assert.Contains("refused", error.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reply_that_always_breaks_off_is_read_piece_by_piece()
    {
        var content = SeededBytes.Of(3, 1_000_000);
        _backend.TryCreate(Name("a"), content);
        using var file = _backend.OpenExisting(Name("a"));
        _engine.Faults = (_, _) => Fault.CutReply;
        var read = new byte[content.Length];
        file.Read(0, read);
        Assert.Equal(content, read);
    }

    [Fact]
    public void An_object_without_a_digest_beside_it_is_compared_by_reading()
    {
        _engine.Objects["logs/d/runs/r/a"] = new("copied"u8.ToArray(), null, null);
        Assert.True(_backend.Holds(Name("a"), "copied"u8));
        Assert.False(_backend.Holds(Name("a"), "c0pied"u8));
        Assert.False(_backend.TryCreate(Name("a"), "copied"u8));
        Assert.Equal("copied"u8.ToArray(), _backend.ReadAll(Name("a")));
    }

    [Fact]
    public void Bytes_that_change_before_they_are_sent_are_not_sent()
    {
        _backend.TryCreate(Name("a"), "meant"u8);
        var error = Fails(() => _backend.TryPut("blocks/aa/x", "altered"u8.ToArray(), Digest.Of("meant"u8)));
        Assert.Contains("memory", error.Why, StringComparison.Ordinal);
        Assert.Equal(["logs/d/runs/r/a"], _engine.Objects.Keys);
    }

    private static ObjectName Name(string name) => ObjectName.RunObject("d", "r", name);

    private static AslError Fails(Action work)
    {
        var error = Assert.Throws<AslException>(work).Error;
        Assert.Equal(ErrorCode.StoreIo, error.Code);
        return error;
    }
}
