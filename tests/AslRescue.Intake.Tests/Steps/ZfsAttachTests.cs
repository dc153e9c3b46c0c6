using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Mounts;
using CsCheck;

namespace AslRescue.Intake.Tests.Steps;

public sealed class ZfsAttachTests
{
    private const string Unit = "systemd-run --wait --collect --pipe --quiet --service-type=exec -- ";
    private readonly RecordingZfs _zfs = new();
    private readonly HashSet<string> _held = [];

    [Fact]
    public async Task An_exported_pool_is_imported_by_guid_and_one_dataset_is_mounted()
    {
        var backend = await AttachAsync(Request());
        Assert.Equal(
            [
                "zpool list -H -o name,guid",
                "zpool list -H -o name,guid",
                "zpool import -N -o cachefile=none -R /run/asl/altroot 1234567890",
                "zpool list -H -o name,guid",
                "zfs get -H -o property,value type,mountpoint,keystatus,encryptionroot,readonly rescuepool/asl",
                "mount -t zfs -o zfsutil,rw,noatime,nodev,nosuid,noexec rescuepool/asl /mnt/asl/local",
            ],
            _zfs.Commands);
        Assert.Equal(["import:1234567890", "mount:/mnt/asl/local"], _held.Order());
        Assert.Equal((true, true, "/mnt/asl/local"), (backend.IsImportedByUs, backend.IsMountedByUs, backend.Location));
        Assert.Equal(backend, AttachedBackend.Parse(backend.Bytes()));
    }

    [Fact]
    public async Task A_foreign_pool_is_imported_by_force_only_when_the_approval_says_so()
    {
        await AttachAsync(Request(isExported: false));
        Assert.Contains("zpool import -N -o cachefile=none -R /run/asl/altroot -f 1234567890", _zfs.Commands);
        var unforced = Request(isExported: false) with { Force = false };
        await Assert.ThrowsAsync<InvalidOperationException>(() => new ZfsAttach(new RecordingZfs(), _zfs, "/run/asl/altroot")
            .AttachAsync(new AttachContext(unforced, _held, _ => { }), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_module_is_loaded_when_the_tools_say_that_it_is_not()
    {
        _zfs.IsLoaded = false;
        await AttachAsync(Request());
        Assert.Equal(["zpool list -H -o name,guid", "modprobe zfs", "zpool list -H -o name,guid"], _zfs.Commands.Take(3));
    }

    [Fact]
    public async Task What_was_imported_and_mounted_is_unmounted_and_exported_afterwards()
    {
        await AttachAsync(Request());
        _zfs.Commands.Clear();
        await Step.DetachAsync(Context(Request()), TestContext.Current.CancellationToken);
        Assert.Equal(["umount /mnt/asl/local", "zpool list -H -o name,guid", "zpool export rescuepool"], _zfs.Commands);
        Assert.Empty(_zfs.Imported);
    }

    [Fact]
    public async Task A_pool_that_the_operator_imported_and_mounted_is_used_and_left_alone()
    {
        _zfs.Imported["1234567890"] = "rescuepool";
        _zfs.Table.Add(new Mount("/mnt/asl/local", "zfs", "rescuepool/asl"));
        var backend = await AttachAsync(Request());
        Assert.Equal((false, false), (backend.IsImportedByUs, backend.IsMountedByUs));
        Assert.All(_zfs.Commands, command => Assert.StartsWith("zpool list", command, StringComparison.Ordinal));
        _zfs.Commands.Clear();
        await Step.DetachAsync(Context(Request()), TestContext.Current.CancellationToken);
        Assert.Empty(_zfs.Commands);
    }

    [Fact]
    public async Task After_a_kill_between_import_and_mount_the_rest_is_done_and_all_of_it_given_back()
    {
        _zfs.Imported["1234567890"] = "rescuepool";
        _held.Add("import:1234567890");
        var backend = await AttachAsync(Request());
        Assert.Equal((true, true), (backend.IsImportedByUs, backend.IsMountedByUs));
        Assert.DoesNotContain(_zfs.Commands, command => command.StartsWith("zpool import", StringComparison.Ordinal));
        await Step.DetachAsync(Context(Request()), TestContext.Current.CancellationToken);
        Assert.Empty(_zfs.Imported);
    }

    [Fact]
    public async Task It_is_journalled_what_will_be_done_before_it_is_done()
    {
        _zfs.OnCommand = command =>
        {
            Assert.False(command.StartsWith("zpool import", StringComparison.Ordinal) && !_held.Contains("import:1234567890"));
            Assert.False(command.StartsWith("mount", StringComparison.Ordinal) && !_held.Contains("mount:/mnt/asl/local"));
        };
        await AttachAsync(Request());
    }

    [Fact]
    public async Task A_legacy_mountpoint_is_mounted_without_zfsutil()
    {
        _zfs.Properties = "type\tfilesystem\nmountpoint\tlegacy\nkeystatus\t-\n";
        await AttachAsync(Request());
        Assert.Contains("mount -t zfs -o rw,noatime,nodev,nosuid,noexec rescuepool/asl /mnt/asl/local", _zfs.Commands);
    }

    [Theory]
    [InlineData("tmpfs", "tmpfs", false, "is not dataset")]
    [InlineData("zfs", "rescuepool/other", false, "is not dataset")]
    [InlineData("zfs", "rescuepool/asl", true, "read-only")]
    public async Task Something_else_at_the_mount_point_is_refused(string fileSystem, string source, bool isReadOnly, string why)
    {
        _zfs.Table.Add(new Mount("/mnt/asl/local", fileSystem, source) { Options = [isReadOnly ? "ro" : "rw"] });
        var error = (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error;
        Assert.Contains(why, error.What, StringComparison.Ordinal);
        Assert.False(error.IsPermanent);
    }

    [Fact]
    public async Task A_mount_that_did_not_arrive_here_is_not_written_into()
    {
        _zfs.MountsArrive = false;
        Assert.Contains("is not dataset", (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error.What, StringComparison.Ordinal);
        _zfs.MountsArrive = true;
        _zfs.Magic = 0x01021994;
        Assert.Contains("does not lead to ZFS", (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_zfs_refuses_is_told_in_its_own_words_and_may_be_tried_again()
    {
        _zfs.Refuses = ("zpool import", "cannot import 'rescuepool': one or more devices is currently unavailable");
        var error = (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error;
        Assert.Equal(("pool rescuepool cannot be imported", false), (error.What, error.IsPermanent));
        Assert.Equal(_zfs.Refuses.Value.Stderr, error.Why);
    }

    [Fact]
    public async Task A_pool_under_another_name_an_encrypted_dataset_and_a_volume_are_refused()
    {
        _zfs.Imported["1234567890"] = "othername";
        Assert.True((await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error.IsPermanent);
        _zfs.Imported["1234567890"] = "rescuepool";
        _zfs.Properties = "type\tfilesystem\nmountpoint\t/asl\nkeystatus\tunavailable\nencryptionroot\trescuepool\n";
        Assert.Contains("asl-intake key", (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error.Fix, StringComparison.Ordinal);
        _zfs.Properties = "type\tvolume\nmountpoint\t-\nkeystatus\t-\n";
        Assert.Contains("is a volume", (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dataset_that_its_owner_made_read_only_is_not_mounted_for_writing()
    {
        _zfs.Properties = "type\tfilesystem\nmountpoint\t/asl\nkeystatus\tavailable\nencryptionroot\t-\nreadonly\ton\n";
        var error = (await Assert.ThrowsAsync<AslException>(() => AttachAsync(Request()))).Error;
        Assert.Equal(("dataset rescuepool/asl is read-only", false), (error.What, error.IsPermanent));
        Assert.DoesNotContain(_zfs.Commands, command => command.StartsWith("mount", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_key_goes_from_the_operator_into_zfs_and_is_forgotten(bool isImportedByOperator)
    {
        _zfs.Properties = "type\tfilesystem\nmountpoint\t/asl\nkeystatus\tunavailable\nencryptionroot\trescuepool\n";
        if (isImportedByOperator)
        {
            _zfs.Imported["1234567890"] = "rescuepool";
        }

        byte[] key = [.. "correct horse"u8];
        var context = Context(Request()) with { TakeKey = () => key };
        await Step.AttachAsync(context, TestContext.Current.CancellationToken);
        Assert.Equal("correct horse"u8, _zfs.Key);
        Assert.All(key, value => Assert.Equal(0, value));
        Assert.Contains("zfs load-key -L prompt rescuepool", _zfs.Commands);
        Assert.DoesNotContain(_zfs.Commands, command => command.Contains("horse", StringComparison.Ordinal));
        await Step.DetachAsync(context, TestContext.Current.CancellationToken);
        Assert.Equal(isImportedByOperator, _zfs.Commands.Contains("zfs unload-key rescuepool"));
        Assert.Equal(isImportedByOperator, _zfs.Imported.Count == 1);
    }

    [Fact]
    public void No_request_can_bring_a_forbidden_flag_into_a_command()
    {
        string[] poison = ["-F", "-X", "-T", "-D", "-f", "-a", "-m", "--", "-o", "x -F", "\n-F", "@", "", "..", "a/-F", "-Ff"];
        string[] plain = ["rescuepool", "asl", "1234567890"];
        var text = Gen.Frequency((1, Gen.Int[0, poison.Length - 1].Select(index => poison[index])), (1, Gen.String[0, 12]), (1, Gen.Int[0, 2].Select(index => plain[index])));
        Gen.Select(text, text, text, text, Gen.Bool).Sample((guid, name, dataset, mount, force) =>
        {
            var request = Request() with
            {
                Pool = new PoolIdentity(guid, name, !force, "crashed", null), Dataset = dataset, Mount = "/" + mount, Force = force,
            };
            foreach (var command in Commands(request))
            {
                ZfsCommands.Check(command, mayForce: force);
                var words = command.SkipWhile(word => word != "--").Skip(1).ToArray();
                Assert.DoesNotContain(words, word => word is "-F" or "-X" or "-T" or "-D" or "-a" or "-m");
                Assert.Equal(force && words[1] == "import", words.Contains("-f"));
            }
        });
    }

    [Theory]
    [InlineData("zpool", "import", "-F", "123")]
    [InlineData("zpool", "import", "-N", "-o", "cachefile=none", "-R", "/x", "-X", "123")]
    [InlineData("zpool", "import", "-N", "-D", "123")]
    [InlineData("zpool", "import", "-N", "-f", "123")]
    [InlineData("zpool", "import", "-N", "-a")]
    [InlineData("zpool", "import", "-N", "rescuepool")]
    [InlineData("zpool", "export", "-f", "rescuepool")]
    [InlineData("umount", "-l", "/x")]
    [InlineData("zpool", "destroy", "rescuepool")]
    [InlineData("zfs", "destroy", "rescuepool/asl")]
    [InlineData("sh", "-c", "true")]
    public void The_last_look_stops_what_no_code_of_ours_would_ask_for(params string[] command) =>
        Assert.Throws<InvalidOperationException>(() =>
            ZfsCommands.Check(["--wait", "--collect", "--pipe", "--quiet", "--service-type=exec", "--", .. command], mayForce: false));

    private ZfsAttach Step => new(_zfs, _zfs, "/run/asl/altroot");

    private Task<AttachedBackend> AttachAsync(ApprovalRequest request) => Step.AttachAsync(Context(request), TestContext.Current.CancellationToken);

    private AttachContext Context(ApprovalRequest request) => new(request, _held, what => _held.Add(what));

    private static ApprovalRequest Request(bool isExported = true) => new()
    {
        Run = "run",
        Nonce = "00",
        Kind = BackendKinds.LocalZfs,
        Pool = new PoolIdentity("1234567890", "rescuepool", isExported, "crashed", "007f0101"),
        Dataset = "rescuepool/asl",
        Mount = "/mnt/asl/local",
        Force = !isExported,
        Sources = [],
        Decision = "",
    };

    private static List<IReadOnlyList<string>> Commands(ApprovalRequest request)
    {
        List<IReadOnlyList<string>> commands = [];
        foreach (var make in new Func<IReadOnlyList<string>>[]
        {
            () => ZfsCommands.Import(request, "/run/asl/altroot"), () => ZfsCommands.Properties(request.Dataset!),
            () => ZfsCommands.Mount(request.Dataset!, request.Mount!, false), () => ZfsCommands.Unmount(request.Mount!),
            () => ZfsCommands.Export(request.Pool!.Name), () => ZfsCommands.LoadKey(request.Dataset!), () => ZfsCommands.UnloadKey(request.Dataset!),
        })
        {
            try
            {
                commands.Add(make());
            }
            catch (InvalidOperationException)
            {
                // Refused before it could become a command.
            }
        }

        return commands;
    }

    /// <summary>Plays zpool, zfs and mount, and keeps what they were called with.</summary>
    private sealed class RecordingZfs : ICommandRunner, IMounts
    {
        public List<string> Commands { get; } = [];

        public Dictionary<string, string> Imported { get; } = [];

        public List<Mount> Table { get; } = [];

        public bool IsLoaded { get; set; } = true;

        public bool MountsArrive { get; set; } = true;

        public long Magic { get; set; } = 0x2fc12fc1;

        public string Properties { get; set; } = "type\tfilesystem\nmountpoint\t/asl\nkeystatus\tavailable\nencryptionroot\t-\n";

        public byte[] Key { get; private set; } = [];

        public byte[] Input { get; private set; } = [];

        public (string Command, string Stderr)? Refuses { get; set; }

        public Action<string>? OnCommand { get; set; }

        public Task<CommandResult> RunAsync(
            string program, IReadOnlyList<string> arguments, TimeSpan budget, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default)
        {
            Input = input.ToArray();
            var line = string.Join(' ', arguments.Prepend(program));
            Assert.StartsWith(Unit, line, StringComparison.Ordinal);
            var command = line[Unit.Length..];
            Commands.Add(command);
            OnCommand?.Invoke(command);
            return Task.FromResult(Refuses is { } refused && command.StartsWith(refused.Command, StringComparison.Ordinal)
                ? new CommandResult(1, "", refused.Stderr + "\n")
                : Play([.. arguments.Skip(6)]));
        }

        /// <summary>As the unit's sandbox shows it: the mount point is mounted onto itself, so that it can be written to.</summary>
        public MountTable Read() => new(
        [
            new Mount("/", "overlay", "airootfs") { Id = "1", ParentId = "0", Number = "0:9" },
            new Mount("/mnt/asl/local", "overlay", "airootfs") { Id = "2", ParentId = "1", Number = "0:9", Root = "/mnt/asl/local" },
            .. Table.Select(mount => mount with { Id = "3", ParentId = "2", Number = "0:10" }),
        ]);

        public long FileSystemType(string path) => Magic;

        private CommandResult Play(string[] command)
        {
            switch (command)
            {
                case ["modprobe", "zfs"]:
                    IsLoaded = true;
                    break;
                case ["zpool", "list", ..]:
                    return IsLoaded
                        ? new CommandResult(0, string.Concat(Imported.Select(pool => $"{pool.Value}\t{pool.Key}\n")), "")
                        : new CommandResult(1, "", "The ZFS modules are not loaded.\nTry running '/sbin/modprobe zfs' as root to load them.\n");
                case ["zpool", "import", .., var guid]:
                    Imported[guid] = "rescuepool";
                    break;
                case ["zpool", "export", var name]:
                    Imported.Remove(Imported.Single(pool => pool.Value == name).Key);
                    break;
                case ["zfs", "load-key", ..]:
                    Key = Input;
                    Properties = Properties.Replace("unavailable", "available", StringComparison.Ordinal);
                    break;
                case ["zfs", "get", ..]:
                    return new CommandResult(0, Properties, "");
                case ["mount", "-t", "zfs", "-o", _, var dataset, var target] when MountsArrive:
                    Table.Add(new Mount(target, "zfs", dataset));
                    break;
                case ["umount", var target]:
                    Table.RemoveAll(mount => mount.Point == target);
                    break;
                default:
                    break;
            }

            return new CommandResult(0, "", "");
        }
    }
}
