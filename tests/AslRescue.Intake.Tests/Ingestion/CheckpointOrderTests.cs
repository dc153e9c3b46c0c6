using System.Text;
using AslRescue.Intake.Ingestion;
using CsCheck;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class CheckpointOrderTests
{
    [Fact]
    public void Walk_order_is_the_order_of_the_names_component_by_component() =>
        Gen.Select(Gen.String["ab-/.~"], Gen.String["ab-/.~"]).Sample((left, right) =>
        {
            var expected = CompareByComponent(left, right);
            var actual = CheckpointPart.CompareInWalkOrder(0, Encoding.UTF8.GetBytes(left), 0, Encoding.UTF8.GetBytes(right));
            return Math.Sign(expected) == Math.Sign(actual);
        });

    private static int CompareByComponent(string left, string right)
    {
        foreach (var (one, other) in left.Split('/').Zip(right.Split('/')))
        {
            if (string.CompareOrdinal(one, other) is var order and not 0)
            {
                return order;
            }
        }

        return left.Split('/').Length.CompareTo(right.Split('/').Length);
    }
}
