using AslRescue.Preflight.Facts;
using AslRescue.Preflight.Machines;

namespace AslRescue.Preflight.Probes;

/// <summary>Whether all of some programs are installed, without running them.</summary>
internal static class ProgramFact
{
    public static Fact Of(string id, Machine machine, params string[] programs)
    {
        var places = programs.Select(program => (program, place: machine.Tools.Find(program))).ToList();
        var evidence = places.Select(found => new Evidence($"searched {found.program}")
        {
            Lines = found.place.Path is null ? [] : [found.place.Path],
            Cause = found.place.Cause,
        }).ToList();
        var missing = places.Where(found => found.place.IsMissing).Select(found => found.program).ToList();
        return missing.Count > 0
            ? new Fact(id, "no", "not installed: " + string.Join(", ", missing), evidence)
            : places.Find(found => found.place.Cause is not null).place is { Cause: { } cause }
            ? Fact.Unknown(id, cause, evidence)
            : new Fact(id, "yes", "installed: " + string.Join(", ", programs), evidence);
    }
}
