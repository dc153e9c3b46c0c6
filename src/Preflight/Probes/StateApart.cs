using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Pools;
using AslRescue.Shared.Mounts;

namespace AslRescue.Preflight.Probes;

/// <summary>
/// Whether /var/lib/asl lies on a disk that is to be read: then the tools' own notes would change the crashed disk. Intake refuses
/// such a source whatever this says; here the operator learns of it before anything runs.
/// </summary>
internal static class StateApart
{
    private const string State = "/var/lib/asl";

    public static Fact Judge(ProbeContext context, PoolSurvey survey)
    {
        if (context.Settings.Sources.Count == 0)
        {
            return new Fact(FactIds.StateApart, "yes", "intake.sources is not set: intake looks at each source that is added", []);
        }

        var mounts = context.Machine.ReadHost("/proc/self/mountinfo");
        return mounts.Text is null ? Fact.Unknown(FactIds.StateApart, mounts.Cause ?? "the kernel shows no mounts", mounts.Evidence)
            : survey.Tree is null ? Fact.Unknown(FactIds.StateApart, survey.Doubt ?? "lsblk listed nothing")
            : Judge(context, new DiskMap(context.Machine, MountTable.Read(mounts.Text), survey.Tree, survey.Pools));
    }

    private static Fact Judge(ProbeContext context, DiskMap map)
    {
        if (map.Under(context.Machine.MountName(State)) is not { } own)
        {
            return Fact.Unknown(FactIds.StateApart, $"it could not be seen which disk {State} lies on");
        }

        var sources = context.Settings.Sources.Select(source => (source.Value, Disks: map.Under(Name(context, source.Value)))).ToList();
        var shared = sources.Find(source => source.Disks?.Overlaps(own) == true);
        var hidden = sources.Find(source => source.Disks is null).Value;
        var evidence = new Evidence("compared lsblk and /proc/self/mountinfo")
        {
            Lines = [$"{State}: {Names(own)}", .. sources.Select(source => $"{source.Value}: {Names(source.Disks)}")],
        };
        return shared.Value is not null
            ? new Fact(FactIds.StateApart, "no", $"{State} and the source {shared.Value} lie on {Names(own)}", [evidence])
            : hidden is not null && own.Count > 0
            ? Fact.Unknown(FactIds.StateApart, $"it could not be seen which disk {hidden} lies on", evidence)
            : new Fact(FactIds.StateApart, "yes", own.Count == 0 ? $"{State} lies on no disk of this machine" : $"{State} lies on {Names(own)}", [evidence]);
    }

    private static string Name(ProbeContext context, string source) =>
        source.StartsWith("/dev/", StringComparison.Ordinal) ? source : context.Machine.MountName(source);

    private static string Names(IReadOnlySet<string>? disks) =>
        disks is null ? "not known" : disks.Count == 0 ? "no disk" : string.Join(", ", disks.Order());
}
