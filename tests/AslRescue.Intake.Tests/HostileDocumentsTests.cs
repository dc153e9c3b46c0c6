using System.Text;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests;

/// <summary>Documents of the right form and the wrong content, as they were found by fuzzing: refused as what they are, by whoever reads them.</summary>
public sealed class HostileDocumentsTests
{
    [Fact]
    public void A_decision_record_with_a_text_that_is_not_Unicode_means_wait()
    {
        byte[] record = [.. "{\"format\":1,\"decision\":{\"mode\":\""u8, 0xff, .. "\"}}"u8];

        Assert.Throws<JsonException>(() => DecisionJson.Read(record));
        Assert.Throws<JsonException>(() => DecisionJson.Read("{\"format\":1,\"decision\":{\"mode\":\"\\ud800\"}}"u8.ToArray()));
    }

    [Theory]
    [InlineData("\"pool\":{\"guid\":\"1\"},\"sources\":[]")]
    [InlineData("\"sources\":[null]")]
    [InlineData("\"sources\":[{\"path\":\"/srv\"}]")]
    public void A_request_with_half_a_pool_or_half_a_source_is_none(string fields) => Assert.Throws<JsonException>(() => Parsed("local-zfs", fields));

    [Theory]
    [InlineData("local-zfs")]
    [InlineData("local-directory")]
    [InlineData("remote")]
    public void A_request_that_names_no_place_is_told_in_words_and_leads_to_none(string kind)
    {
        var request = Parsed(kind, "\"force\":true,\"sources\":[]");

        Assert.NotEmpty(request.Backend());
        Assert.Contains("unknown", request.Warning(), StringComparison.Ordinal);
        Assert.Empty(request.BackendPlaces());
    }

    private static ApprovalRequest Parsed(string kind, string fields) =>
        ApprovalRequest.Parse(Encoding.UTF8.GetBytes($"{{\"run\":\"r\",\"nonce\":\"n\",\"decision\":\"d\",\"kind\":\"{kind}\",{fields}}}"));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"code\":\"ASL6010\",\"what\":\"x\"}")]
    public void A_failure_without_its_words_is_none(string json) => Assert.Throws<JsonException>(() => FailureDocument.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_failure_with_a_short_code_is_one_of_the_program() =>
        Assert.Equal(ErrorCode.Internal, FailureDocument.Parse("{\"code\":\"A\",\"what\":\"x\",\"fix\":\"y\"}"u8).ToError().Code);

    [Theory]
    [InlineData("null")]
    [InlineData("{\"ok\":false,\"error\":{\"code\":\"ASL6007\"}}")]
    [InlineData("{\"ok\":true,\"status\":{\"run\":\"r\",\"state\":\"s\",\"reason\":\"x\",\"type\":[],\"journalHash\":\"\",\"error\":{}}}")]
    public void An_answer_with_an_error_without_its_words_is_none(string json) => Assert.Throws<JsonException>(() => ControlAnswer.Parse(Encoding.UTF8.GetBytes(json)));
}
