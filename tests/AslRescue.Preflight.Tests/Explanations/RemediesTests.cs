using AslRescue.Preflight.Explanations;
using AslRescue.Preflight.Facts;

namespace AslRescue.Preflight.Tests.Explanations;

public sealed class RemediesTests
{
    [Fact]
    public void Each_value_of_each_fact_can_be_reached_by_a_remedy_from_each_other_or_is_said_to_be_out_of_reach()
    {
        var changes = from fact in FactCatalog.All
                      from a in fact.Values
                      from b in fact.Values
                      where a != b
                      select (fact.Id, a, b);
        Assert.All(changes, change =>
        {
            var remedy = Remedies.Of(change.Id, change.a, change.b);
            Assert.Equal((change.Id, change.b), (remedy.Fact, remedy.To));
            Assert.NotEmpty(remedy.How + remedy.Key);
        });
    }

    [Fact]
    public void No_remedy_is_for_a_fact_or_value_that_does_not_exist() => Assert.All(
        Remedies.All, remedy =>
        {
            var fact = FactCatalog.Find(remedy.Fact)!;
            Assert.True(fact.IndexOf(remedy.To) >= 0, $"{remedy}");
            Assert.True(remedy.From is null || fact.IndexOf(remedy.From) >= 0, $"{remedy}");
        });

    [Fact]
    public void No_two_remedies_are_for_one_change() => Assert.Empty(
        Remedies.All.GroupBy(remedy => (remedy.Fact, remedy.From, remedy.To)).Where(group => group.Count() > 1).Select(group => group.Key));

    [Fact]
    public void What_is_unknown_is_never_asked_for() => Assert.All(
        FactCatalog.All, fact => Assert.Equal(Effort.Never, Remedies.Of(fact.Id, fact.Values[0], FactDefinition.Unknown).Effort));
}
