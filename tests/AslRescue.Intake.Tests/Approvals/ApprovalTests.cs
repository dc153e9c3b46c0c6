using System.Text;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Approvals;

public sealed class ApprovalTests
{
    private static readonly PoolIdentity Exported = new("1234567890", "rescuepool", true, "crashed", "007f0101");
    private static readonly PoolIdentity Foreign = Exported with { IsExported = false };

    private static readonly IntakeSettings Settings = new()
    {
        Local = new LocalSettings { Kind = LocalKind.Zfs, Mount = "/mnt/asl/local", IsTrusted = true, IsApprovalTrusted = true },
        Remote = new RemoteSettings { Endpoint = new Uri("https://asl-backend/"), IsTrusted = true, IsApprovalTrusted = true, Approve = true },
        Sources = [new IntakeSource("/mnt/crashed", true)],
    };

    [Fact]
    public void The_bytes_of_a_request_are_canonical_and_its_id_is_their_hash()
    {
        var request = Request(Exported);
        Assert.Equal(
            """{"run":"run","nonce":"00","kind":"local-zfs","pool":{"guid":"1234567890","name":"rescuepool","isExported":true,"ownerHost":"crashed","ownerHostId":"007f0101"},"dataset":"rescuepool/asl","mount":"/mnt/asl/local","force":false,"sources":[{"path":"/mnt/crashed","origin":"trusted"}],"isTrusted":true,"decision":"DIGEST"}"""
                .Replace("DIGEST", request.Decision, StringComparison.Ordinal),
            Encoding.UTF8.GetString(request.Bytes()));
        Assert.Equal(Shared.Digest.Of(request.Bytes()), request.Id());
        Assert.Equal(request.Id(), ApprovalRequest.Parse(request.Bytes()).Id());
    }

    [Fact]
    public void Whatever_changes_in_a_request_changes_its_id()
    {
        var request = Request(Exported);
        ApprovalRequest[] others =
        [
            request with { Run = "other" }, request with { Nonce = "01" }, request with { Kind = BackendKinds.Remote },
            request with { Pool = Exported with { Guid = "1" } }, request with { Pool = Exported with { OwnerHost = "other" } },
            request with { Pool = Exported with { OwnerHostId = "1" } }, request with { Dataset = "rescuepool/other" },
            request with { Mount = "/mnt" }, request with { Force = true }, request with { Confirm = "a device is missing" }, request with { Sources = [] }, request with { Decision = "" },
            request with { Sources = [new RequestSource("/mnt/crashed", SourceOrigins.Operator)] }, request with { IsTrusted = false },
        ];
        Assert.Equal(others.Length + 1, others.Append(request).Select(one => one.Id()).Distinct().Count());
    }

    [Theory]
    [InlineData("1234567890", true)]
    [InlineData("rescuepool", true)]
    [InlineData("otherpool", false)]
    [InlineData("1234567890@crashed", false)]
    [InlineData("", false)]
    public void An_exported_pool_is_approved_by_guid_or_name(string approve, bool isGiven) =>
        Assert.Equal(isGiven, ByConfig(Exported, approve).IsGiven);

    [Theory]
    [InlineData("1234567890", false)]
    [InlineData("rescuepool", false)]
    [InlineData("1234567890@crashed", true)]
    [InlineData("1234567890@other", false)]
    [InlineData("rescuepool@crashed", false)]
    public void A_foreign_pool_is_approved_only_by_a_guid_that_names_the_owner(string approve, bool isGiven)
    {
        Assert.Equal(isGiven, ByConfig(Foreign, approve).IsGiven);
        Assert.True(Request(Foreign).Force);
        Assert.Contains("crashed", Request(Foreign).Warning(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_pool_without_a_known_owner_is_never_approved_by_configuration()
    {
        var nameless = Foreign with { OwnerHost = null };
        Assert.All(["1234567890", "1234567890@", "rescuepool"], approve => Assert.False(ByConfig(nameless, approve).IsGiven));
    }

    [Fact]
    public void Nothing_that_came_from_an_untrusted_origin_is_approved_by_configuration()
    {
        var local = Settings.Local with { ApproveImport = "rescuepool" };
        Assert.True(ByConfig(Exported, Settings with { Local = local }).IsGiven);
        Assert.False(ByConfig(Exported, Settings with { Local = local with { IsTrusted = false } }).IsGiven);
        Assert.False(ByConfig(Exported, Settings with { Local = local with { IsApprovalTrusted = false } }).IsGiven);
        Assert.False(ByConfig(Exported, Settings with { Local = local, Sources = [new IntakeSource("/a", true), new IntakeSource("/b", false)] }).IsGiven);
        Assert.False(ByConfig(Exported, Settings with { Local = local, Sources = [] }).IsGiven);
    }

    [Fact]
    public void Where_the_table_demands_a_person_the_configuration_is_none()
    {
        var settings = Settings with { Local = Settings.Local with { ApproveImport = "rescuepool" } };
        var degraded = FakeDecisions.Local("boot-1", "the pool lacks a device", Exported) with { NeedsOperator = true };
        var answer = ByConfig(degraded, settings);
        Assert.False(answer.IsGiven);
        Assert.Contains("the pool lacks a device", answer.Because, StringComparison.Ordinal);

        // The mode's row speaks of confirming; what there is to confirm is in the row of the backend.
        var confirmed = degraded with { Because = "a person has to confirm it", Confirm = "the pool lacks a device" };
        Assert.Contains("the pool lacks a device", ByConfig(confirmed, settings).Because, StringComparison.Ordinal);

        // The owner's name beside the guid is the confirmation that the table demands of a foreign pool.
        var named = Settings with { Local = Settings.Local with { ApproveImport = "1234567890@crashed" } };
        Assert.True(ByConfig(FakeDecisions.Local("boot-1", pool: Foreign) with { NeedsOperator = true }, named).IsGiven);
    }

    [Fact]
    public void What_a_person_has_to_confirm_is_in_the_question_and_its_warning()
    {
        var degraded = FakeDecisions.Local("boot-1", pool: Exported) with { NeedsOperator = true, Confirm = "the pool lacks a device" };
        var request = Compose(degraded, Settings).Request!;
        Assert.Equal("the pool lacks a device", request.Warning());
        Assert.Equal("the pool lacks a device", ApprovalRequest.Parse(request.Bytes()).Warning());
        Assert.False(request.IsBackendOf(request with { Confirm = null }), "a yes to a whole pool is none to a degraded one");
        Assert.Null(Compose(degraded with { Confirm = null }, Settings).Request!.Warning());
        Assert.Null(Compose(degraded with { Mode = DecidedMode.Remote }, Settings).Request!.Warning());
        Assert.Contains("by force", Compose(degraded with { Pool = Foreign }, Settings).Request!.Warning(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_remote_endpoint_is_approved_by_its_own_key_alone()
    {
        var decision = FakeDecisions.Remote("boot-1");
        Assert.True(ConfigApproval.For(Compose(decision, Settings).Request!, Settings, decision).IsGiven);
        foreach (var remote in new[] { Settings.Remote with { Approve = false }, Settings.Remote with { IsTrusted = false }, Settings.Remote with { IsApprovalTrusted = false } })
        {
            var settings = Settings with { Remote = remote, Local = Settings.Local with { ApproveImport = "https://asl-backend/" } };
            Assert.False(ConfigApproval.For(Compose(decision, settings).Request!, settings, decision).IsGiven);
        }
    }

    [Theory]
    [InlineData("-f", "rescuepool", "asl", "malformed")]
    [InlineData("12x", "rescuepool", "asl", "malformed")]
    [InlineData("", "rescuepool", "asl", "malformed")]
    [InlineData("123", "-F", "asl", "malformed")]
    [InlineData("123", "rescue\npool", "asl", "malformed")]
    [InlineData("123", "rescuepool", "../etc", "cannot be mounted")]
    [InlineData("123", "rescuepool", "a b;c", "cannot be mounted")]
    [InlineData("123", "rescuepool", "-o evil", "cannot be mounted")]
    [InlineData("123", "rescuepool", "asl@snap", "cannot be mounted")]
    [InlineData("123", "rescuepool", "asl\n", "cannot be mounted")]
    public void A_pool_or_dataset_that_could_be_taken_for_something_else_is_not_asked_about(string guid, string name, string dataset, string why)
    {
        var pool = Exported with { Guid = guid, Name = name };
        var composed = Compose(FakeDecisions.Local("boot-1", pool: pool), Settings with { Local = Settings.Local with { Dataset = dataset } });
        Assert.Null(composed.Request);
        Assert.Contains(why, composed.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_composed_says_why()
    {
        Assert.Contains("names no pool", Compose(FakeDecisions.Local("b"), Settings).Why, StringComparison.Ordinal);
        var other = Settings with { Local = Settings.Local with { Pool = "otherpool" } };
        Assert.Contains("local.pool says otherpool", Compose(FakeDecisions.Local("b", pool: Exported), other).Why, StringComparison.Ordinal);
        var remote = Settings with { Remote = Settings.Remote with { Endpoint = null } };
        Assert.Contains("remote.endpoint is not set", Compose(FakeDecisions.Remote("b"), remote).Why, StringComparison.Ordinal);
        var plain = Settings with { Remote = Settings.Remote with { Endpoint = new Uri("http://asl-backend/") } };
        Assert.Contains("https", Compose(FakeDecisions.Remote("b"), plain).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("asl", "rescuepool/asl")]
    [InlineData("rescuepool/asl", "rescuepool/asl")]
    [InlineData("rescuepool", "rescuepool")]
    [InlineData("backup/asl", "rescuepool/backup/asl")]
    [InlineData(null, "rescuepool/asl")]
    public void A_dataset_is_meant_within_the_pool(string? configured, string dataset) => Assert.Equal(
        dataset, Compose(FakeDecisions.Local("b", pool: Exported), Settings with { Local = Settings.Local with { Dataset = configured } }).Request!.Dataset);

    [Fact]
    public void Hostile_evidence_is_a_json_error_and_nothing_else()
    {
        string[] hostile = ["", "null", "[]", "{}", "{\"run\":null}", "{\"run\":1}", new string('[', 200), "{\"run\":\"\\ud800\"}"];
        foreach (var text in hostile)
        {
            Assert.ThrowsAny<JsonException>(() => ApprovalRequest.Parse(Encoding.UTF8.GetBytes(text)));
            Assert.ThrowsAny<JsonException>(() => Approval.Parse(Encoding.UTF8.GetBytes(text)));
        }
    }

    private static ConfigApproval ByConfig(PoolIdentity pool, string approve) =>
        ByConfig(pool, Settings with { Local = Settings.Local with { ApproveImport = approve } });

    private static ConfigApproval ByConfig(PoolIdentity pool, IntakeSettings settings) =>
        ByConfig(FakeDecisions.Local("boot-1", pool: pool), settings);

    private static ConfigApproval ByConfig(Decision decision, IntakeSettings settings) =>
        ConfigApproval.For(Compose(decision, settings).Request!, settings, decision);

    private static ApprovalRequest Request(PoolIdentity pool) => Compose(FakeDecisions.Local("boot-1", pool: pool), Settings).Request!;

    private static Composition Compose(Decision decision, IntakeSettings settings) => RequestComposer.Compose(decision, settings, "run", "00", []);
}
