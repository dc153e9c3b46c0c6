using System.Globalization;
using AslRescue.Intake.Approvals;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Mounts;

namespace AslRescue.Intake.Steps;

/// <summary>
/// A dataset as the backend: import the approved pool by guid without mounting anything, mount the one dataset, and believe it only when
/// the kernel says that it is there, so that nothing is ever written into the RAM below an empty mount point.
/// </summary>
/// <remarks>
/// A pool or a mount that was there before is used and left alone. What this run did itself it journals first (Hold), so that after a
/// kill it is known whose it is.
/// </remarks>
/// <param name="commands">Runs systemd-run.</param>
/// <param name="mounts">This process's view, into which the mounts of PID 1 propagate.</param>
/// <param name="altRoot">Never used by a mount of ours; keeps every other dataset off the live system should something mount it.</param>
public sealed class ZfsAttach(ICommandRunner commands, IMounts mounts, string altRoot) : IAttachStep
{
    /// <summary>What an operator types where the key of an encrypted dataset is missing.</summary>
    internal const string KeyCommand = "asl-intake key";

    private const long ZfsMagic = 0x2fc12fc1;
    private const string KeyMark = "key:";
    private static readonly TimeSpan LookBudget = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public async Task<AttachedBackend> AttachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (request is not { Pool: { } pool, Dataset: not null, Mount: not null })
        {
            throw Failed("the request names no pool, dataset or mount point", "asl-intake cancel; then name them: local.pool, local.dataset", "a journal of another program may hold such a request", isPermanent: true);
        }

        await LoadModuleAsync(context, cancellationToken);
        var name = await FindAsync(pool.Guid, cancellationToken) ?? await ImportAsync(context, pool, cancellationToken);
        if (name != pool.Name)
        {
            throw Failed($"pool {pool.Guid} is imported as '{name}', not as '{pool.Name}'", "export it, or run preflight again", isPermanent: true);
        }

        if (At(request.Mount!) is null)
        {
            await MountAsync(context, cancellationToken);
        }

        CheckMount(request.Dataset!, request.Mount!);
        return new AttachedBackend
        {
            Kind = request.Kind,
            Location = request.Mount!,
            FileSystem = "zfs",
            PoolGuid = pool.Guid,
            PoolName = name,
            Dataset = request.Dataset,
            IsImportedByUs = context.Held.Contains(ImportMark(request)),
            IsMountedByUs = context.Held.Contains(MountMark(request)),
        };
    }

    /// <inheritdoc/>
    public async Task DetachAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Held.Contains(MountMark(request)) && At(request.Mount!) is { FileSystem: "zfs" } mount && mount.Source == request.Dataset)
        {
            await ChangeAsync(context, ZfsCommands.Unmount(request.Mount!), "the backend cannot be unmounted", cancellationToken);
        }

        // An export forgets the key as well. A pool that the operator imported stays imported, and the key must not stay with it.
        if (!context.Held.Contains(ImportMark(request)) && KeyHeld(context) is { } keyOf && await HasKeyAsync(keyOf, cancellationToken))
        {
            await ChangeAsync(context, ZfsCommands.UnloadKey(keyOf), $"the key of {keyOf} cannot be unloaded", cancellationToken);
        }

        if (context.Held.Contains(ImportMark(request)) && await FindAsync(request.Pool!.Guid, cancellationToken) is { } name)
        {
            await ChangeAsync(context, ZfsCommands.Export(name), $"pool {name} cannot be exported", cancellationToken);
        }
    }

    private async Task<bool> HasKeyAsync(string dataset, CancellationToken cancellationToken)
    {
        var got = await RunAsync(ZfsCommands.Properties(dataset), LookBudget, mayForce: false, cancellationToken);
        return got.Stdout.Contains("keystatus\tavailable", StringComparison.Ordinal);
    }

    private async Task LoadModuleAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var listed = await RunAsync(ZfsCommands.ListPools(), LookBudget, mayForce: false, cancellationToken);
        if (listed.Exit is not null and not 0 && listed.Stderr.Contains("not loaded", StringComparison.Ordinal))
        {
            await ChangeAsync(context, ZfsCommands.LoadModule(), "the ZFS module cannot be loaded", cancellationToken);
        }
    }

    /// <summary>The name under which a pool is imported now, or null.</summary>
    private async Task<string?> FindAsync(string guid, CancellationToken cancellationToken)
    {
        var listed = await RunAsync(ZfsCommands.ListPools(), LookBudget, mayForce: false, cancellationToken);
        if (!listed.IsDone)
        {
            throw Failed("the imported pools cannot be listed", "check that zpool works: zpool list", Said(listed));
        }

        return listed.Stdout.Split('\n').Select(line => line.Split('\t')).FirstOrDefault(words => words is [_, var found] && found == guid)?[0];
    }

    private async Task<string> ImportAsync(AttachContext context, PoolIdentity pool, CancellationToken cancellationToken)
    {
        context.Hold(ImportMark(context.Request));
        var command = ZfsCommands.Import(context.Request, altRoot);
        await ChangeAsync(context, command, $"pool {pool.Name} cannot be imported", cancellationToken, mayForce: context.Request.Force == true);
        return await FindAsync(pool.Guid, cancellationToken)
            ?? throw Failed($"pool {pool.Name} was imported, but is not listed", "zpool status");
    }

    private async Task MountAsync(AttachContext context, CancellationToken cancellationToken)
    {
        var (dataset, target) = (context.Request.Dataset!, context.Request.Mount!);
        var got = await RunAsync(ZfsCommands.Properties(dataset), LookBudget, mayForce: false, cancellationToken);
        if (!got.IsDone)
        {
            throw Failed($"dataset {dataset} cannot be read", $"create it: zfs create {dataset}, or set local.dataset", Said(got));
        }

        var properties = got.Stdout.Split('\n').Select(line => line.Split('\t')).Where(words => words.Length == 2)
            .ToDictionary(words => words[0], words => words[1], StringComparer.Ordinal);
        if (properties.GetValueOrDefault("type") != "filesystem")
        {
            throw Failed($"{dataset} is a {properties.GetValueOrDefault("type")}, not a file system", "set local.dataset", isPermanent: true);
        }

        // mount(8) with "rw" overrules the property, and somebody has set it for a reason.
        if (properties.GetValueOrDefault("readonly") == "on")
        {
            throw Failed($"dataset {dataset} is read-only", $"zfs set readonly=off {dataset}, if its owner agrees; or set local.dataset");
        }

        if (properties.GetValueOrDefault("keystatus") == "unavailable")
        {
            await LoadKeyAsync(context, dataset, properties["encryptionroot"], cancellationToken);
        }

        context.Hold(MountMark(context.Request));
        var isLegacy = properties.GetValueOrDefault("mountpoint") == "legacy";
        await ChangeAsync(context, ZfsCommands.Mount(dataset, target, isLegacy), $"dataset {dataset} cannot be mounted", cancellationToken);
    }

    /// <summary>With the key that the operator gave, which goes from the socket into ZFS and nowhere else.</summary>
    private async Task LoadKeyAsync(AttachContext context, string dataset, string keyOf, CancellationToken cancellationToken)
    {
        const string Fix = KeyCommand + "   (asks for it, and hands it to ZFS; it is not stored)";
        if (context.TakeKey() is not { } key)
        {
            throw Failed($"dataset {dataset} is encrypted and its key is not loaded", Fix);
        }

        try
        {
            context.Hold(KeyMark + keyOf);
            cancellationToken.ThrowIfCancellationRequested();
            var loaded = await RunAsync(ZfsCommands.LoadKey(keyOf), context.Budget, mayForce: false, CancellationToken.None, key);
            if (!loaded.IsDone)
            {
                throw Failed($"the key of dataset {dataset} cannot be loaded", Fix, Said(loaded));
            }
        }
        finally
        {
            Array.Clear(key);
        }
    }

    private void CheckMount(string dataset, string target)
    {
        var mount = At(target);
        if (mount is not { FileSystem: "zfs" } || mount.Source != dataset)
        {
            var found = mount is null ? "nothing is mounted there" : $"{mount.FileSystem} {mount.Source} is mounted there";
            throw Failed($"{target} is not dataset {dataset}", $"umount {target}, or set local.mount", found);
        }

        if (mount.IsReadOnly)
        {
            throw Failed($"{target} is mounted read-only", "zpool status; zfs get readonly " + dataset);
        }

        // mountinfo names the mount; this asks the path that will be written to.
        var type = mounts.FileSystemType(target);
        if (type != ZfsMagic)
        {
            throw Failed($"{target} does not lead to ZFS", $"umount {target}",
                string.Create(CultureInfo.InvariantCulture, $"its file system type is 0x{type:x}"));
        }
    }

    private Mount? At(string target) => mounts.Read().SeenAt(target.TrimEnd('/'));

    private async Task ChangeAsync(
        AttachContext context, IReadOnlyList<string> arguments, string what, CancellationToken cancellationToken, bool mayForce = false)
    {
        // Not cancelled half-way: a unit of PID 1 would go on without us.
        cancellationToken.ThrowIfCancellationRequested();
        var result = await RunAsync(arguments, context.Budget, mayForce, CancellationToken.None);
        if (!result.IsDone)
        {
            throw Failed(what, "read what it said; zpool status, zpool import", Said(result));
        }
    }

    private Task<CommandResult> RunAsync(
        IReadOnlyList<string> arguments, TimeSpan budget, bool mayForce, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default)
    {
        ZfsCommands.Check(arguments, mayForce);
        return commands.RunAsync("systemd-run", arguments, budget, cancellationToken, input);
    }

    private static string ImportMark(ApprovalRequest request) => $"import:{request.Pool!.Guid}";

    private static string MountMark(ApprovalRequest request) => $"mount:{request.Mount}";

    private static string? KeyHeld(AttachContext context) =>
        context.Held.FirstOrDefault(what => what.StartsWith(KeyMark, StringComparison.Ordinal))?[KeyMark.Length..];

    private static string Said(CommandResult result) => result.Stderr.Trim() is { Length: > 0 } said
        ? said
        : string.Create(CultureInfo.InvariantCulture, $"exit status {result.Exit?.ToString(CultureInfo.InvariantCulture) ?? "none"}");

    private static AslException Failed(string what, string fix, string? why = null, bool isPermanent = false) =>
        new(new AslError(ErrorCode.AttachFailed, what) { Why = why, Fix = fix, IsPermanent = isPermanent });
}
