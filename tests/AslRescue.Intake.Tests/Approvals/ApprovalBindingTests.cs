using System.Collections;
using System.Reflection;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Machine;
using AslRescue.Intake.Tests.Fakes;

namespace AslRescue.Intake.Tests.Approvals;

/// <summary>An approval is for exactly one request: with any one field of the request changed, or of the approval, the gate stays shut.</summary>
public sealed class ApprovalBindingTests
{
    private static readonly Contract Shipped = ContractFile.Load(Repository.ContractPath);

    [Theory]
    [InlineData(BackendKinds.LocalZfs)]
    [InlineData(BackendKinds.LocalDirectory)]
    [InlineData(BackendKinds.Remote)]
    public void With_any_one_field_of_the_request_changed_the_approval_is_refused_and_that_is_journalled(string kind)
    {
        var approved = GateBench.NewRequest(kind);
        List<string> fields = [];
        foreach (var (field, other) in Mutants(approved))
        {
            fields.Add(field);

            // The request that stands is the changed one; the approval was given to the one before.
            var bench = new GateBench(Shipped, IntakeState.AwaitingApproval, (ApprovalRequest)other);
            var approval = bench.Journal.Approve(approved.Id().ToString());
            var (trigger, to) = bench.Request.Kind == BackendKinds.Remote
                ? (IntakeTrigger.ApprovedRemote, IntakeState.AttachingRemote)
                : (IntakeTrigger.ApprovedLocal, IntakeState.AttachingLocal);
            var objection = bench.Gate.Ask(trigger, [bench.Evidence[EvidenceNames.Request], approval], "because", "uid 0");
            Assert.True(objection is { Kind: ObjectionKind.GuardFailed }, field);
            Assert.Contains("the approval is for request", objection.Reason, StringComparison.Ordinal);
            Assert.Equal((IntakeState.AwaitingApproval, "refused"), (bench.Gate.State, bench.Last().Kind));

            // And the right one opens it, or this test would pass for a gate that is never open.
            Assert.Null(bench.Gate.Ask(trigger, bench.Fitting(to, ["request", "approval"]), "because", "uid 0"));
        }

        string[] every =
        [
            .. typeof(ApprovalRequest).GetProperties().Select(property => property.Name), .. kind == BackendKinds.LocalZfs
                ? typeof(PoolIdentity).GetProperties().Select(property => "Pool." + property.Name)
                : [],
            "Sources.Path", "Sources.Origin", "Sources: one more", "Sources: none",
        ];
        Assert.Subset(fields.ToHashSet(), every.Except(["EqualityContract"]).ToHashSet());
    }

    [Fact]
    public void With_any_one_field_that_binds_an_approval_changed_it_is_refused()
    {
        foreach (var how in new[] { "request", "boot", "age", "run" })
        {
            var bench = new GateBench(Shipped, IntakeState.AwaitingApproval);
            var id = bench.Request.Id().ToString();
            var approval = how switch
            {
                "request" => bench.Journal.Approve(id[..63] + (id[63] == '0' ? '1' : '0')),
                "boot" => bench.Journal.Approve(id, "boot-2"),
                "run" => bench.Journal.Approve((bench.Request with { Run = "another" }).Id().ToString()),
                _ => bench.Evidence[EvidenceNames.Approval],
            };
            bench.Time.Advance(how == "age" ? GateBench.Expiry + TimeSpan.FromSeconds(1) : TimeSpan.Zero);
            Assert.NotNull(bench.Gate.Ask(IntakeTrigger.ApprovedLocal, [bench.Evidence[EvidenceNames.Request], approval], "because", "uid 0"));
            Assert.Equal(("refused", "guard-failed"), (bench.Last().Kind, bench.Last().Text("refusal")));
        }
    }

    [Fact]
    public void What_was_attached_has_to_be_what_was_approved_in_each_field_that_says_so()
    {
        foreach (var kind in new[] { BackendKinds.LocalZfs, BackendKinds.LocalDirectory, BackendKinds.Remote })
        {
            var request = GateBench.NewRequest(kind);
            var attached = GateBench.NewAttached(request);
            Assert.True(attached.IsOf(request));
            Assert.False((attached with { Kind = "other" }).IsOf(request));
            Assert.False((attached with { Location = "/other" }).IsOf(request));
            Assert.Equal(kind != BackendKinds.LocalZfs, (attached with { PoolGuid = "1" }).IsOf(request));
            Assert.Equal(kind != BackendKinds.LocalZfs, (attached with { Dataset = "rescuepool/other" }).IsOf(request));
        }
    }

    /// <summary>Each property of a record, at any depth, changed once; lists also get longer and empty.</summary>
    private static IEnumerable<(string Field, object Other)> Mutants(object record)
    {
        foreach (var property in record.GetType().GetProperties().Where(property => property.SetMethod is not null))
        {
            var value = property.GetValue(record);
            foreach (var (field, other) in Others(property, value))
            {
                yield return (property.Name + field, With(record, property, other));
            }
        }
    }

    private static IEnumerable<(string Field, object? Other)> Others(PropertyInfo property, object? value)
    {
        if (property.Name == nameof(ApprovalRequest.Kind))
        {
            // A kind goes with its fields; the pool that is missing is caught before anything is asked.
            yield return ("", (string)value! == BackendKinds.Remote ? BackendKinds.LocalDirectory : BackendKinds.Remote);
        }
        else if (value is IEnumerable<RequestSource> sources)
        {
            yield return ("", sources.Reverse().Append(new RequestSource("/mnt/second", SourceOrigins.Trusted)).Reverse().ToList());
            yield return (": one more", sources.Append(new RequestSource("/mnt/second", SourceOrigins.Trusted)).ToList());
            yield return (": none", new List<RequestSource>());
            yield return (".Path", sources.Select(source => source with { Path = source.Path + "/" }).ToList());
            yield return (".Origin", sources.Select(source => source with { Origin = SourceOrigins.Operator }).ToList());
        }
        else if (value is PoolIdentity pool)
        {
            yield return ("", null);
            foreach (var (field, other) in Mutants(pool))
            {
                yield return ("." + field, other);
            }
        }
        else
        {
            yield return ("", value switch
            {
                bool flag => !flag,
                null when property.PropertyType == typeof(bool?) => true,
                null when property.PropertyType == typeof(PoolIdentity) => new PoolIdentity("1", "p", true, null, null),
                string or null => value + "x",
                IEnumerable => throw new InvalidOperationException($"{property.Name} is a list that this test does not know"),
                _ => throw new InvalidOperationException($"{property.Name} has a type that this test does not know"),
            });
        }
    }

    private static object With(object record, PropertyInfo property, object? value)
    {
        var copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        property.SetValue(copy, value);
        return copy;
    }
}
