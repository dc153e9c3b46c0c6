using System.Text;
using AslRescue.Shared.Contracts;

namespace AslRescue.Shared.Tests.Contracts;

/// <summary>
/// A tree in a temporary folder, made from the contract as overlay/build makes it. Each test then breaks one thing. Programs and libraries are
/// stand-ins of a few bytes that begin as ELF files do.
/// </summary>
internal sealed class StagedTree : IDisposable
{
    public StagedTree(bool withRuntime = false)
    {
        Root = Directory.CreateTempSubdirectory("asl-stage-").FullName;
        foreach (var row in Contract.Rows.Where(row => withRuntime || row.IsInImage))
        {
            Make(row);
        }

        foreach (var parent in Contract.ImpliedParents())
        {
            Directory.CreateDirectory(On(parent));
            File.SetUnixFileMode(On(parent), (UnixFileMode)Contract.Parents.Mode);
        }
    }

    public static string Checkout { get; } = FindCheckout();

    public static OverlayContract Contract { get; } = OverlayContract.Load(Path.Combine(Checkout, "rules", "overlay.toml"));

    public string Root { get; }

    public string On(string path) => Root + path;

    public OverlayReport Check() => OverlayCheck.Run(Contract, Root);

    public IReadOnlyList<OverlayFinding> Findings() => Check().Findings;

    public void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(On(path))!);
        File.WriteAllBytes(On(path), bytes);
        File.SetUnixFileMode(On(path), (UnixFileMode)(Contract.Rows.FirstOrDefault(row => row.Path == path)?.Mode ?? 0x1A4));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void Make(OverlayRow row)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(On(row.Path))!);
        switch (row.Kind)
        {
            case OverlayKind.Dir:
                Directory.CreateDirectory(On(row.Path));
                break;
            case OverlayKind.Link:
                File.CreateSymbolicLink(On(row.Path), row.Target!);
                return;
            case OverlayKind.Program or OverlayKind.Library:
                File.WriteAllBytes(On(row.Path), [0x7F, .. "ELF, as far as anybody looks"u8]);
                break;
            default:
                // Units are looked into.
                var shipped = Path.Combine(Checkout, "overlay") + row.Path;
                File.WriteAllText(On(row.Path), row.Path.EndsWith(".service", StringComparison.Ordinal) ? File.ReadAllText(shipped) : "# as shipped\n");
                break;
        }

        File.SetUnixFileMode(On(row.Path), (UnixFileMode)row.Mode!.Value);
    }

    private static string FindCheckout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AslRescue.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside a checkout");
    }
}
