using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AslRescue.Shared.Configuration;

namespace AslRescue.Shared.Tests.Configuration;

public sealed class ConfigurationListingTests
{
    private static ConfiguredMachine Machine() => ConfiguredMachine
        .With(ConfiguredMachine.AslConf, "mode = local\nlocal.pool = rescuepool\nintake.sources = [\"/dev/sda\", \"/dev/sdb\"]\n")
        .And(
            ConfiguredMachine.FederationConf,
            "[[peers]]\nid = \"south\"\nendpoint = \"https://south\"\nkeys = [\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"]\n")
        .And(ConfiguredMachine.Yaml, """{"asl": {"domain.id": "north", "remote": {"endpoint": "https://a.b", "approve": true}}}""")
        .And(ConfiguredMachine.CommandLine, "asl.local.mount=/mnt/\u202eabc");

    [Fact]
    public void As_text_every_value_stands_beside_its_origin()
    {
        // Columns for the width of the machine's root on top, so that lines break as they do with the root "/".
        using var machine = Machine();
        Assert.Equal(
            """
            mode                     local                   /etc/asl/asl.conf:1:1
            local.mount              /mnt/\u202eabc          /proc/cmdline, asl.local.mount
            local.kind               zfs                     default
            local.pool               rescuepool              /etc/asl/asl.conf:2:1
            local.dataset            (local.pool/asl)        default
            local.approve-import     (the operator is asked) default
            remote.endpoint          https://a.b
                                     /etc/sysrescue/sysrescue-effective-config.json, asl.remote.endpoint (needs approval)
            remote.ca                (the system's)          default
            remote.pin               (not pinned)            default
            remote.proxy             (a direct connection)   default
            remote.token             (the credential)        default
            remote.certificate       (the credential)        default
            remote.key               (the credential)        default
            remote.bandwidth         (as many as go)         default
            remote.cache             (nothing is kept)       default
            remote.approve           false                   default
            domain.id                north
                                     /etc/sysrescue/sysrescue-effective-config.json, asl.domain.id (untrusted)
            domain.key               (the credential)        default
            intake.sources           /dev/sda, /dev/sdb      /etc/asl/asl.conf:3:1
            intake.image.retries     1                       default
            intake.image.scrape      true                    default
            intake.image.budget      0s                      default
            intake.retry.attempts    8                       default
            intake.retry.delay-min   500ms                   default
            intake.retry.delay-max   30s                     default
            intake.retry.budget      10m                     default
            intake.decision-timeout  never                   default
            intake.approval-timeout  never                   default
            intake.approval-expiry   1h                      default
            intake.attach-timeout    15m                     default
            logging.level            information             default
            logging.console.enabled  true                    default
            logging.console.level    information             default
            logging.file.enabled     false                   default
            logging.file.path        /var/lib/asl/runtime/asl.log
                                     default
            logging.file.level       information             default
            logging.file.bytes-max   16MiB                   default
            peer                     south                   /etc/asl/federation.conf:1:3
                                     https://south
                                     read, not trusted
                                     key 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
            warning: /etc/sysrescue/sysrescue-effective-config.json, asl.remote.approve: remote.approve is ignored: SystemRescue can fetch its YAML unverified, so remote.approve counts only from /etc/asl, the kernel command line or an option; it stays false (default)

            """,
            machine.Shown(ConfigurationListing.Text(machine.Load(), columns: 80 + machine.Root.Length)));
    }

    [Fact]
    public void As_JSON_values_have_their_type()
    {
        using var machine = Machine();
        using var json = Json(machine);
        var values = json.RootElement.GetProperty("values").EnumerateArray().ToDictionary(v => v.GetProperty("key").GetString()!);
        Assert.Equal(ConfigurationKeys.All.Select(k => k.Name), values.Keys);
        Assert.Equal(
            """{"key":"remote.endpoint","value":"https://a.b","origin":{"kind":"yaml","where":"/etc/sysrescue/sysrescue-effective-config.json, asl.remote.endpoint"},"trusted":false,"needsApproval":true}""",
            machine.Shown(values["remote.endpoint"].GetRawText()));
        Assert.Equal("[\"/dev/sda\",\"/dev/sdb\"]", values["intake.sources"].GetProperty("value").GetRawText());
        Assert.Equal("8", values["intake.retry.attempts"].GetProperty("value").GetRawText());
        Assert.Equal("16777216", values["logging.file.bytes-max"].GetProperty("value").GetRawText());
        Assert.Equal(JsonValueKind.False, values["remote.approve"].GetProperty("value").ValueKind);
        Assert.Equal(JsonValueKind.Null, values["remote.ca"].GetProperty("value").ValueKind);
        Assert.Equal(
            """[{"id":"south","endpoint":"https://south","role":"read","trust":false,"keys":["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],"origin":{"kind":"file","where":"/etc/asl/federation.conf:1:3"}}]""",
            machine.Shown(json.RootElement.GetProperty("peers").GetRawText()));
        Assert.Equal(1, json.RootElement.GetProperty("warnings").GetArrayLength());
    }

    private static JsonDocument Json(ConfiguredMachine machine)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            ConfigurationListing.WriteJson(machine.Load(), writer);
        }

        return JsonDocument.Parse(Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
