using System.Globalization;
using System.Text.Json;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Rehearsal;
using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Output;

/// <summary>The plan and its survival table, for a console of 80 columns and for programs.</summary>
internal static class RehearsalOutput
{
    private const int LossesShown = 10;

    internal static void WritePlan(RehearsalPlan plan, RehearsalParts parts, Hints hints)
    {
        var (decision, request) = (plan.Decision, plan.Request);
        Say("plan", $"{(decision.Mode == DecidedMode.Remote ? "remote" : "local")}{(decision.Row is { } row ? $" (row {row})" : "")}: {decision.Because}");
        Say("backend", $"{request.Kind}: {request.Backend()}");
        foreach (var source in request.Sources)
        {
            Say("source", $"{source.Path} ({source.Origin})");
        }

        if (request.Sources.Count == 0)
        {
            Say("source", hints.In("none is configured: asl-intake add SOURCE names one, and the question is asked anew"));
        }

        WriteGuard(plan, hints);
        Say("question", request.Warning() is { } warning ? $"import, mount and read as above? {warning}" : "attach this backend and read these sources?");
        Say("answer", parts.Commander is not null ? "whoever types the command has approved it"
            : plan.Configuration.IsGiven ? $"the configuration's: {plan.Configuration.Because}"
            : hints.In($"asl-intake approve ID, as the configuration does not: {plan.Configuration.Because}"));
        Console.WriteLine(plan.Commands.Count > 0 ? "what would be run, and is not run now:" : "nothing would be imported or mounted, and nothing is attached now");
        foreach (var command in plan.Commands)
        {
            Console.WriteLine(Printable.Text($"  {command}"));
        }

        Console.WriteLine();
    }

    internal static void WriteTable(SurvivalTable table, RehearsalPlan plan, Hints hints)
    {
        var faults = table.Tried.Select(point => point.Fault).Distinct().Count();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"rehearsed {table.Tried.Count} of {table.Points} points ({Quantity.Count(faults, "fault", "faults")} at {table.Calls} calls) in {table.Elapsed.TotalSeconds:0.0} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"undisturbed: {table.Size.Blocks} blocks, {table.Size.Segments} segments, {table.Size.Records} records, root {table.Root[..16]}"));
        Console.WriteLine();
        Console.WriteLine($"{"fault",-27}{"where",-15}{"tried",6}{"itself",8}{"waited",8}{"halted",8}{"lost",6}");
        var last = "";
        foreach (var row in table.Rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(row.Fault.Name == last ? "" : row.Fault.Name),-27}{row.Where,-15}{row.Tried,6}{row.ByItself,8}{row.Waited,8}{row.Halted,8}{row.Lost,6}"));
            last = row.Fault.Name;
        }

        int Count(Fate fate) => table.Tried.Count(point => point.Fate == fate);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"all",-42}{table.Tried.Count,6}{Count(Fate.ByItself),8}{Count(Fate.Waited),8}{Count(Fate.Halted),8}{Count(Fate.Lost),6}"));
        WriteMeaning();
        if (table.SealedTwice > 0)
        {
            Console.WriteLine($"{Quantity.Count(table.SealedTwice, "time", "times")} the power went between the seal and the journal's last word: the next run sealed the same root once more");
        }

        WriteLosses(table, plan, hints);
    }

    internal static void WriteJson(RehearsalPlan plan, SurvivalTable table) => JsonOutput.Write(writer =>
    {
        writer.WriteStartObject();
        WritePlan(writer, plan);
        writer.WriteNumber("seconds", Math.Round(table.Elapsed.TotalSeconds, 1));
        writer.WriteNumber("calls", table.Calls);
        writer.WriteNumber("points", table.Points);
        writer.WriteNumber("tried", table.Tried.Count);
        writer.WriteNumber("approvals", table.Approvals);
        writer.WriteNumber("sealedTwice", table.SealedTwice);
        writer.WriteString("root", table.Root);
        writer.WriteStartArray("rows");
        foreach (var row in table.Rows)
        {
            writer.WriteStartObject();
            writer.WriteString("fault", row.Fault.Id);
            writer.WriteString("where", row.Where);
            writer.WriteNumber("tried", row.Tried);
            writer.WriteNumber("byItself", row.ByItself);
            writer.WriteNumber("waited", row.Waited);
            writer.WriteNumber("halted", row.Halted);
            writer.WriteNumber("lost", row.Lost);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("losses");
        foreach (var point in table.Lost)
        {
            writer.WriteStartObject();
            writer.WriteString("fault", point.Fault.Id);
            writer.WriteNumber("call", point.Call);
            writer.WriteString("where", point.Where);
            WriteTexts(writer, "what", point.Losses);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void WritePlan(Utf8JsonWriter writer, RehearsalPlan plan)
    {
        writer.WriteStartObject("plan");
        writer.WriteString("mode", plan.Decision.Mode == DecidedMode.Remote ? "remote" : "local");
        writer.WriteString("row", plan.Decision.Row);
        writer.WriteString("because", plan.Decision.Because);
        writer.WriteString("kind", plan.Request.Kind);
        writer.WriteString("backend", plan.Request.Backend());
        WriteTexts(writer, "sources", plan.Request.Sources.Select(source => source.Path));
        writer.WriteString("refusal", plan.Refusal?.What);
        writer.WriteString("warning", plan.Request.Warning());
        writer.WriteBoolean("approvedByConfiguration", plan.Configuration.IsGiven);
        writer.WriteString("configuration", plan.Configuration.Because);
        WriteTexts(writer, "commands", plan.Commands);
        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteTexts(name, texts.Select(text => Printable.Text(text)));
    }

    private static void WriteGuard(RehearsalPlan plan, Hints hints)
    {
        if (plan.Refusal is { } refusal)
        {
            Say("guard", $"refuses: {refusal.What}: {refusal.Where}: {refusal.Why}");
            Say("", hints.In($"fix: {refusal.Fix}"));
            return;
        }

        foreach (var source in plan.Guard!.Sources)
        {
            Say("guard", $"lets {source.Path} pass: {(source.Devices.Count > 0 ? string.Join("; ", source.Devices) : "on no disk")}");
            foreach (var warning in source.Warnings)
            {
                Say("", $"doubtful: {warning}");
            }
        }
    }

    private static void WriteMeaning() => Console.WriteLine("""

        tried   the fault happened at one call there, and all that was left was checked
        itself  sealed with the same root, and nobody had to do more than undisturbed
        waited  sealed with the same root, after somebody approved again or made room
        halted  ended without a seal; the evidence is whole and says why
        lost    something is missing, damaged or there twice: must be 0
        """);

    private static void WriteLosses(SurvivalTable table, RehearsalPlan plan, Hints hints)
    {
        var lost = table.Lost.ToList();
        foreach (var point in lost.Take(LossesShown))
        {
            Console.Error.WriteLine(Printable.Text($"lost: {point.Fault.Name}, call {point.Call} ({point.Where}): {string.Join("; ", point.Losses)}"));
        }

        if (lost.Count > 0)
        {
            Console.Error.WriteLine($"{Quantity.Count(lost.Count, "point loses", "points lose")} something: do not approve, and report it with this text; nothing of the machine was touched");
        }
        else if (plan.Refusal is { } refusal)
        {
            Console.Error.WriteLine(hints.In(refusal));
        }
    }

    private static void Say(string head, string text) => Console.WriteLine(Printable.Text($"{head,-10}{text}"));
}
