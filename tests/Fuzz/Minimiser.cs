namespace AslRescue.Fuzz;

/// <summary>Makes a finding shorter: takes parts out, halves first, as long as the same exception comes from the same place.</summary>
internal static class Minimiser
{
    internal static int Run(FuzzTarget target, string file)
    {
        var input = File.ReadAllBytes(file);
        if (Signature(target, input) is not { } signature)
        {
            Console.WriteLine("no finding");
            return 1;
        }

        for (var part = input.Length / 2; part > 0; part /= 2)
        {
            for (var at = 0; at + part <= input.Length;)
            {
                byte[] shorter = [.. input[..at], .. input[(at + part)..]];
                (input, at) = Signature(target, shorter) == signature ? (shorter, at) : (input, at + part);
            }
        }

        File.WriteAllBytes(file, input);
        Console.WriteLine($"{input.Length} bytes: {signature}");
        return 0;
    }

    /// <summary>The exception's type and the first of our methods that it went through; null when there is none.</summary>
    internal static string? Signature(FuzzTarget target, byte[] input)
    {
        try
        {
            GuardedRun.Run(target, input);
            return null;
        }
        catch (Exception finding)
        {
            var frame = finding.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("AslRescue.", StringComparison.Ordinal) && !line.Contains("AslRescue.Fuzz.", StringComparison.Ordinal));
            var place = frame?.Trim().Split(" in ")[0] ?? "?";
            return $"{finding.GetType().Name} {place}{(finding is FindingException ? " " + new string([.. finding.Message.Where(letter => !char.IsDigit(letter))]) : "")}";
        }
    }
}
