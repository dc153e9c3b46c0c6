using System.Text;
using System.Text.Json;
using AslRescue.Shared;

namespace AslRescue.Intake.Approvals;

/// <summary>
/// Preflight's decision as it lies in /run/asl. Anything that is not exactly a decision of this boot, made by the table that is
/// installed now, means wait: a stale or half-written file must never lead to an import.
/// </summary>
/// <param name="paths">Where.</param>
/// <param name="boot">This boot.</param>
/// <param name="proof">
/// Proves the bytes of a table, and gives the digest of the proof in lower-case hex; null when they cannot be proved. A digest in a
/// record is only a claim: what counts is that this program proves the table that is installed.
/// </param>
public sealed class DecisionFile(IntakePaths paths, string boot, Func<byte[], string?> proof) : IDecisionSource
{
    private const int RecordBytesMax = 4 * 1024 * 1024;
    private const int TableBytesMax = 256 * 1024;
    private const int ModeBytesMax = 64;

    /// <inheritdoc/>
    public DecisionReading Read()
    {
        try
        {
            var mode = Encoding.UTF8.GetString(Bytes(paths.Mode, ModeBytesMax)).TrimEnd('\n');
            var (recorded, decision) = DecisionJson.Read(Bytes(paths.Record, RecordBytesMax));
            var table = File.Exists(paths.Table) ? Bytes(paths.Table, TableBytesMax) : null;
            return WhyNot(mode, recorded, decision, table) is { } wait
                ? DecisionReading.Waiting(wait)
                : new DecisionReading(decision with { Table = table }, "");
        }
        catch (FileNotFoundException missing)
        {
            return DecisionReading.Waiting($"{missing.FileName} is missing: preflight has not decided");
        }
        catch (DirectoryNotFoundException)
        {
            return DecisionReading.Waiting($"{paths.Mode} is missing: preflight has not decided");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            return DecisionReading.Waiting($"preflight's decision cannot be read: {failure.Message}");
        }
    }

    private string? WhyNot(string mode, string recorded, Decision decision, byte[]? table)
    {
        if (mode != recorded)
        {
            return $"{paths.Mode} says '{mode}', the record beside it '{recorded}'";
        }

        if (decision.Boot != boot)
        {
            return $"the decision was made in another boot ({decision.Boot}): run preflight again";
        }

        if (mode is not ("local" or "remote"))
        {
            return mode == "wait" ? $"preflight says wait: {decision.Because}" : $"preflight's mode '{mode}' is unknown";
        }

        if (decision.ProofDigest is null || decision.TableDigest is null)
        {
            return "the decision names no proved table: run preflight again";
        }

        if (table is null || Digest.Of(table).ToString() != decision.TableDigest)
        {
            return $"the decision was not made by the table in {paths.Table}: run preflight again";
        }

        return proof(table) switch
        {
            null => $"the table in {paths.Table} is not proved: asl-admin rules check says why",
            var digest when digest != decision.ProofDigest => $"the decision names another proof of the table in {paths.Table}: run preflight again",
            _ => null,
        };
    }

    private static byte[] Bytes(string path, int bytesMax)
    {
        using var file = File.OpenRead(path);
        return file.Length <= bytesMax
            ? ReadAll(file)
            : throw new IOException($"{path} is longer than {bytesMax} bytes");
    }

    private static byte[] ReadAll(FileStream file)
    {
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
