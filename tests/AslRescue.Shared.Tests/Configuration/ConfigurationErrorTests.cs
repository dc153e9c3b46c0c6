using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Tests.Configuration;

/// <summary>What an operator reads when the configuration is wrong, word for word.</summary>
public sealed class ConfigurationErrorTests
{
    [Theory]
    [InlineData("mode = auto\n  lokal.mount = /mnt\n", 2, 3, "lokal.mount", "the nearest key is local.mount")]
    [InlineData("[local]\nmuont = \"/mnt\"\n", 2, 1, "local.muont", "the nearest key is local.mount")]
    [InlineData("moed = auto\n", 1, 1, "moed", "the nearest key is mode")]
    [InlineData("endpoint = https://x\n", 1, 1, "endpoint", "the nearest key is remote.endpoint")]
    [InlineData("local.approve_import = tank\n", 1, 1, "local.approve_import", "the nearest key is local.approve-import")]
    [InlineData("local.mount.x = 1\n", 1, 1, "local.mount.x", "the nearest key is local.mount")]
    [InlineData("\"local.mount\" = /x\n", 1, 1, "\"local.mount\"", "the nearest key is local.mount")]
    [InlineData("[[local]]\npool = \"p\"\n", 1, 3, "local", "the nearest key is local.mount")]
    [InlineData("[remoet]\n", 1, 2, "remoet", "the nearest key is remote.endpoint")]
    [InlineData("intake = { retri = {} }\n", 1, 12, "intake.retri", "the nearest key is intake.retry.attempts")]
    [InlineData("level = debug\n", 1, 1, "level", "it belongs in logging.conf, as level")]
    [InlineData("logging.file.path = /x\n", 1, 1, "logging.file.path", "it belongs in logging.conf, as file.path")]
    public void An_unknown_key_is_told_with_its_place_and_the_nearest_key(string text, int line, int column, string key, string why)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, text);
        Assert.Equal(
            $"""
            error ASL1003: unknown key {key}
              where: /etc/asl/asl.conf:{line}:{column}
              why:   {why}
              fix:   correct or remove it; asl-admin config lists every key
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData("mode = [\"auto\"]", 1, 8, "mode", "it is a list; the key takes one of auto, local, remote", "mode = \"auto\"")]
    [InlineData("mode = { a = 1 }", 1, 1, "mode", "it is a table; the key takes one of auto, local, remote", "mode = \"auto\"")]
    [InlineData("remote.approve = yes", 1, 18, "remote.approve", "it is text (\"yes\"); the key takes true or false", "remote.approve = true")]
    [InlineData(
        "intake.retry.attempts = 1.5", 1, 25, "intake.retry.attempts",
        "it is a fraction (\"1.5\"); the key takes a whole number from 1 to 1000", "intake.retry.attempts = 8")]
    [InlineData(
        "intake.sources = /dev/sda", 1, 18, "intake.sources", "it is text (\"/dev/sda\"); the key takes a list of absolute paths",
        "intake.sources = [\"/mnt/asl/local\"]")]
    [InlineData(
        "intake.sources = [\n\"/a\",\n []]", 3, 2, "intake.sources", "it is a list; the key takes an absolute path",
        "intake.sources = [\"/mnt/asl/local\"]")]
    public void A_value_of_the_wrong_type_is_told_with_what_the_key_takes(
        string text, int line, int column, string key, string why, string form)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, text);
        Assert.Equal(
            $"""
            error ASL1004: {key} has a value of the wrong type
              where: /etc/asl/asl.conf:{line}:{column}
              why:   {why}
              fix:   write it as in: {form}
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData("mode = lokal", 8, "mode", "\"lokal\" is not one of auto, local, remote", "mode = \"auto\"")]
    [InlineData(
        "local.mount = mnt/x", 15, "local.mount", "\"mnt/x\" is no absolute path: it must begin with / and have no . or .. in it",
        "local.mount = \"/mnt/asl/local\"")]
    [InlineData(
        "local.mount = /mnt/../etc", 15, "local.mount",
        "\"/mnt/../etc\" is no absolute path: it must begin with / and have no . or .. in it", "local.mount = \"/mnt/asl/local\"")]
    [InlineData(
        "remote.endpoint = http://asl-backend", 19, "remote.endpoint",
        "\"http://asl-backend\" is not encrypted: anybody on the way could read what is rescued and answer in the server's place",
        "remote.endpoint = \"https://asl-backend\"")]
    [InlineData(
        "remote.endpoint = asl-backend", 19, "remote.endpoint", "\"asl-backend\" is no URL such as \"https://asl-backend\"",
        "remote.endpoint = \"https://asl-backend\"")]
    [InlineData(
        "remote.endpoint = ftp://x", 19, "remote.endpoint", "\"ftp://x\" has the scheme ftp, not one of https",
        "remote.endpoint = \"https://asl-backend\"")]
    [InlineData(
        "remote.endpoint = https://u:p@x", 19, "remote.endpoint",
        "\"https://u:p@x\" holds a user name or password; secrets never stand in the configuration",
        "remote.endpoint = \"https://asl-backend\"")]
    [InlineData(
        "remote.endpoint = https://x/?a", 19, "remote.endpoint", "\"https://x/?a\" has a ? or # part, which a server's address has not",
        "remote.endpoint = \"https://asl-backend\"")]
    [InlineData(
        "remote.proxy = file:///x", 16, "remote.proxy", "\"file:///x\" has the scheme file, not one of http, https, socks5",
        "remote.proxy = \"http://proxy:3128\"")]
    [InlineData(
        "remote.pin = AB:CD", 14, "remote.pin",
        "\"AB:CD\" is no SHA-256 fingerprint: 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 prints them",
        "remote.pin = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"")]
    [InlineData(
        "domain.id = ..", 13, "domain.id",
        "\"..\" is no name: 1 to 64 of a-z, 0-9, \".\", \"_\" and \"-\", a letter or digit first", "domain.id = \"rescue-domain\"")]
    [InlineData(
        "local.pool = -f", 14, "local.pool", "\"-f\" is neither a pool's guid nor a name: a letter, then letters, digits, \"_\", \"-\", \".\" or \":\"",
        "local.pool = \"rescuepool\"")]
    [InlineData(
        "local.dataset = tank/../x", 17, "local.dataset", "\"tank/../x\" is no dataset: a pool's name, then names parted by /",
        "local.dataset = \"rescuepool/asl\"")]
    [InlineData(
        "intake.retry.attempts = 0", 25, "intake.retry.attempts", "\"0\" is not a whole number from 1 to 1000", "intake.retry.attempts = 8")]
    [InlineData(
        "intake.retry.budget = 5 minutes", 23, "intake.retry.budget", "\"5 minutes\" is no number with one of the units ms, s, m, h",
        "intake.retry.budget = \"10m\"")]
    [InlineData(
        "intake.retry.delay-min = 2h", 26, "intake.retry.delay-min", "\"2h\" is not a time from 1ms to 1h",
        "intake.retry.delay-min = \"500ms\"")]
    public void A_value_that_cannot_work_is_told_with_the_reason(string line, int column, string key, string why, string form)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, line);
        Assert.Equal(
            $"""
            error ASL1005: {key} has a value that cannot work
              where: /etc/asl/asl.conf:1:{column}
              why:   {why}
              fix:   write it as in: {form}
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData(ConfiguredMachine.CommandLine, "asl.mode=lokal", "/proc/cmdline, asl.mode", "asl.mode=auto")]
    [InlineData(
        ConfiguredMachine.Yaml, """{"asl": {"mode": "lokal"}}""", "/etc/sysrescue/sysrescue-effective-config.json, asl.mode",
        "mode: \"auto\", below asl:")]
    public void Other_origins_are_told_in_their_own_form(string path, string text, string where, string form)
    {
        using var machine = ConfiguredMachine.With(path, text);
        Assert.Equal(
            $"""
            error ASL1005: mode has a value that cannot work
              where: {where}
              why:   "lokal" is not one of auto, local, remote
              fix:   write it as in: {form}
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData(ConfiguredMachine.CommandLine, "asl.remote.approve", "/proc/cmdline, asl.remote.approve")]
    [InlineData(
        ConfiguredMachine.Yaml, """{"asl": {"remote": {"approve": null}}}""",
        "/etc/sysrescue/sysrescue-effective-config.json, asl.remote.approve")]
    public void A_key_without_a_value_is_no_flag(string path, string text, string where)
    {
        using var machine = ConfiguredMachine.With(path, text);
        var error = machine.Failure();
        Assert.Equal(ErrorCode.ConfigWrongType, error.Code);
        Assert.Equal(where, machine.Shown(error.Where!));
        Assert.Equal("it is empty; the key takes true or false", error.Why);
    }

    [Fact]
    public void An_unknown_key_of_the_command_line_or_an_option_is_told()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.CommandLine, "asl.level=debug");
        Assert.Equal(
            """
            error ASL1003: unknown key level
              where: /proc/cmdline, asl.level
              why:   the nearest key is logging.level
              fix:   correct or remove it; asl-admin config lists every key
            """,
            machine.ErrorOf());
        using var other = new ConfiguredMachine();
        Assert.Equal("option domain", other.Failure(("domain", "x")).Where);
    }

    [Fact]
    public void A_key_stated_twice_is_told_with_both_places()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "mode = auto\n[local]\nmount = /a\n[remote]\n[local]\nmount = /b\n");
        Assert.Equal(
            """
            error ASL1002: local.mount is stated twice
              where: /etc/asl/asl.conf:6:1
              why:   it stands at /etc/asl/asl.conf:3:1 already
              fix:   remove one of the two lines
            """,
            machine.ErrorOf());
    }

    [Fact]
    public void A_table_opened_twice_is_an_error_without_a_key_in_it_too()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.LoggingConf, "[file]\n[console]\n[file]\n");
        Assert.Equal(ErrorCode.ConfigSyntax, machine.Failure().Code);
        Assert.Equal("/etc/asl/logging.conf:3:1", machine.Shown(machine.Failure().Where!));
    }

    [Fact]
    public void Broken_TOML_is_told_with_its_place()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "mode = auto # x\nlocal.mount = \"/mnt\n");
        Assert.Equal(
            """
            error ASL1002: a line is neither TOML nor what asl.conf allows beside it
              where: /etc/asl/asl.conf:2:20
              why:   Invalid newline in a string
              fix:   correct the line, then: asl-admin config
            """,
            machine.ErrorOf());
    }

    [Fact]
    public void Broken_TOML_of_the_other_files_is_told_with_the_likely_cause()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.LoggingConf, "level = debug\n");
        Assert.Equal(
            """
            error ASL1002: a configuration file is not TOML
              where: /etc/asl/logging.conf:1:9
              why:   Unexpected token `debug` for a value
              fix:   put texts in double quotes, or correct the line, then: asl-admin config
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData("/\\u")]
    [InlineData("/\\U0011")]
    public void What_the_TOML_library_throws_on_is_an_error_at_its_place(string path)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.LoggingConf, "level = \"debug\"\nfile.path = \"" + path);
        Assert.Equal(
            """
            error ASL1002: a configuration file is not TOML
              where: /etc/asl/logging.conf:2:15
              why:   the text up to there cannot be read
              fix:   put texts in double quotes, or correct the line, then: asl-admin config
            """,
            machine.ErrorOf());
    }

    [Fact]
    public void Tables_nested_without_end_are_an_error()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "intake.sources = " + new string('[', 100_000));
        Assert.Equal(ErrorCode.ConfigSyntax, machine.Failure().Code);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_told_with_their_place()
    {
        using var machine = new ConfiguredMachine().And(ConfiguredMachine.AslConf, [.. "mode = auto\nx = é"u8, 0xe9, (byte)'\n']);
        Assert.Equal(
            """
            error ASL1002: a configuration file is not UTF-8
              where: /etc/asl/asl.conf:2:6
              why:   the byte there begins no character of UTF-8
              fix:   save the file as UTF-8, then: asl-admin config
            """,
            machine.ErrorOf());
    }

    [Theory]
    [InlineData("{\"global\": {\"rootpass\": \"s3cret\"},\n \"asl\": s3cret}", ":2:9")]
    [InlineData("", ":1:1")]
    [InlineData("{\"asl\": {\"mode\": \"\\ud800\"}}", "")]
    public void Broken_JSON_is_told_without_a_word_of_it(string text, string place)
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.Yaml, text);
        Assert.Equal(
            $"""
            error ASL1002: SystemRescue's configuration is not JSON
              where: /etc/sysrescue/sysrescue-effective-config.json{place}
              why:   the text there fits no JSON value
              fix:   correct the YAML files in sysrescue.d and boot again; asl.KEY=VALUE on the kernel command line needs no YAML
            """,
            machine.ErrorOf());
    }

    [Fact]
    public void An_asl_scope_that_is_no_table_is_an_error()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.Yaml, """{"asl": "mode = local"}""");
        Assert.Equal(
            """
            error ASL1004: asl has a value of the wrong type
              where: /etc/sysrescue/sysrescue-effective-config.json, asl
              why:   it is text ("mode = local"); the key takes keys and their values
              fix:   write it as in: asl: {mode: "auto"}
            """,
            machine.ErrorOf());
        machine.And(ConfiguredMachine.Yaml, """{"asl": []}""");
        Assert.Empty(machine.Load().Warnings);
    }

    [Fact]
    public void A_file_that_is_there_and_cannot_be_read_is_an_error()
    {
        using var machine = new ConfiguredMachine();
        Directory.CreateDirectory(machine.Root + ConfiguredMachine.AslConf);
        Assert.Equal(
            """
            error ASL1001: a configuration file cannot be read
              where: /etc/asl/asl.conf
              why:   Access to the path '/etc/asl/asl.conf' is denied.
              fix:   run as root, or mend the file; without the file the built-in defaults hold
            """,
            machine.ErrorOf());
    }

    [Fact]
    public void A_file_of_absurd_size_is_an_error()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, new string('\n', (4 << 20) + 1));
        Assert.Equal(ErrorCode.ConfigUnreadable, machine.Failure().Code);
    }

    [Fact]
    public void Values_that_contradict_each_other_are_told_with_both_origins()
    {
        using var machine = ConfiguredMachine.With(ConfiguredMachine.AslConf, "intake.retry.delay-min = 1m\n");
        Assert.Equal(
            """
            error ASL1005: intake.retry.delay-min has a value that cannot work
              where: /etc/asl/asl.conf:1:1
              why:   1m is more than intake.retry.delay-max, 30s (default)
              fix:   raise delay-max or lower delay-min
            """,
            machine.ErrorOf());
        using var other = ConfiguredMachine.With(ConfiguredMachine.AslConf, "local.dataset = tank/asl\n")
            .And(ConfiguredMachine.CommandLine, "asl.local.pool=rescuepool");
        Assert.Equal(
            """
            error ASL1005: local.dataset has a value that cannot work
              where: /etc/asl/asl.conf:1:1
              why:   tank/asl is not inside local.pool, rescuepool (/proc/cmdline, asl.local.pool)
              fix:   name a dataset such as rescuepool/asl, or the other pool
            """,
            other.ErrorOf());
    }
}
