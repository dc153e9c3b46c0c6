namespace AslRescue.Store.Inspection;

/// <summary>What is wrong with an object, and where.</summary>
/// <param name="Offset">In the file, from its first byte.</param>
/// <param name="Length">Bytes that it touches; 0 where it is a place and no range, such as what should lie behind the end.</param>
/// <param name="Why">With the values that disagree.</param>
public sealed record Damage(long Offset, long Length, string Why);
