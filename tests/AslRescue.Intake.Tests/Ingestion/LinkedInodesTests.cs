using AslRescue.Intake.Ingestion;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class LinkedInodesTests
{
    private static readonly InodeKey Three = new((8, 1), 5, LinkCount: 3);
    private static readonly SourceIdentity Here = new(5, 100, new(1, 0), new(2, 0));
    private readonly LinkedInodes _inodes = new();

    [Fact]
    public void The_second_and_the_third_name_are_further_ones_and_then_it_is_forgotten() =>
        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(_ => _inodes.IsFurther(Three, Here)));

    [Fact]
    public void A_number_that_another_file_got_meanwhile_is_a_file_of_its_own()
    {
        Assert.False(_inodes.IsFurther(Three, Here));
        var other = Here with { Changed = new(9, 0) };
        Assert.Equal([false, true, true], Enumerable.Range(0, 3).Select(_ => _inodes.IsFurther(Three, other)));
    }

    [Fact]
    public void Another_source_begins_anew()
    {
        Assert.False(_inodes.IsFurther(Three, Here));
        _inodes.Clear();
        Assert.False(_inodes.IsFurther(Three, Here));
    }
}
