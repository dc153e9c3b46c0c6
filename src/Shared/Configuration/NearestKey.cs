namespace AslRescue.Shared.Configuration;

/// <summary>
/// Finds the key that was probably meant: the least number of characters to insert, delete or replace (Levenshtein). A key whose
/// last part or whose beginning comes close counts too: "endpoint" is remote.endpoint, and a table "remoet" is one of its keys.
/// </summary>
internal static class NearestKey
{
    private const int LengthMax = 200;

    public static string Why(string written, IEnumerable<string> keys) => $"the nearest key is {Of(written, keys)}";

    public static string Of(string written, IEnumerable<string> keys)
    {
        var compared = written.Length <= LengthMax ? written : written[..LengthMax];
        var parts = compared.Split('.').Length;
        return keys.MinBy(key => Math.Min(
            Distance(compared, key),
            1 + Math.Min(Distance(compared, LastPart(key)), Distance(compared, FirstParts(key, parts)))))!;
    }

    private static string LastPart(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static string FirstParts(string key, int count) => string.Join('.', key.Split('.').Take(count));

    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1][];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i] = new int[b.Length + 1];
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i][j] = i == 0 || j == 0 ? i + j : Step(rows, a, b, i, j);
            }
        }

        return rows[a.Length][b.Length];
    }

    private static int Step(int[][] rows, string a, string b, int i, int j)
    {
        var replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        return Math.Min(replaced, 1 + Math.Min(rows[i - 1][j], rows[i][j - 1]));
    }
}
