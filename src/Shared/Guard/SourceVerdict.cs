using AslRescue.Shared.Errors;

namespace AslRescue.Shared.Guard;

/// <summary>The rules by which a source is refused. The words of docs/guard.md.</summary>
public enum GuardRule
{
    /// <summary>Nothing stands against it.</summary>
    None,

    /// <summary>backend-disk: the store, the state of intake or the running system lies on it, or on a disk that it shares.</summary>
    HoldsPlace,

    /// <summary>tree-holds: the tree contains a place that is written to, or lies in one.</summary>
    TreeHoldsPlace,

    /// <summary>medium: it is the rescue medium, or lies in its files.</summary>
    Medium,

    /// <summary>in-use: it is mounted for writing, swap, or part of something that writes.</summary>
    InUse,

    /// <summary>same-disk: a tree on the disk that is written to, without an operator who named both.</summary>
    SameDisk,

    /// <summary>unseen: the machine's devices cannot be seen, so nothing can be told.</summary>
    Unseen,
}

/// <summary>What the guard says of one source.</summary>
/// <param name="Source">The source as it was named.</param>
/// <param name="Rule">The rule that refuses it, or None.</param>
/// <param name="Why">The reason with the chain of devices; null when it is allowed.</param>
/// <param name="Fix">What can be done about it.</param>
/// <param name="Warnings">What the operator and the auditor should know although it is allowed.</param>
public sealed record SourceVerdict(string Source, GuardRule Rule, string? Why, string? Fix, IReadOnlyList<string> Warnings)
{
    /// <summary>Whether it may be read.</summary>
    public bool IsAllowed => Rule == GuardRule.None;

    /// <summary>The rule's word, for documents and programs.</summary>
    public string RuleWord => Rule switch
    {
        GuardRule.None => "none",
        GuardRule.HoldsPlace => "backend-disk",
        GuardRule.TreeHoldsPlace => "tree-holds",
        GuardRule.Medium => "medium",
        GuardRule.InUse => "in-use",
        GuardRule.SameDisk => "same-disk",
        GuardRule.Unseen => "unseen",
        _ => throw new InvalidOperationException($"no word for {Rule}"),
    };

    /// <summary>The refusal as an error; null when it is allowed. What the operator can end (a mount) is worth another try.</summary>
    public AslError? Refusal => IsAllowed
        ? null
        : new AslError(Rule == GuardRule.InUse ? ErrorCode.SourceInUse : ErrorCode.SourceRefused, "the source is refused")
        {
            Where = Source,
            Why = $"{Why} (rule {RuleWord})",
            Fix = Fix!,
            IsPermanent = Rule is not (GuardRule.InUse or GuardRule.Unseen),
        };

    internal static SourceVerdict Allowed(string source, IReadOnlyList<string> warnings) => new(source, GuardRule.None, null, null, warnings);

    internal static SourceVerdict Refused(string source, GuardRule rule, string why, string fix) => new(source, rule, why, fix, []);
}
