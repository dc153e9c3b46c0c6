using System.Text.Json;
using AslRescue.Store.Inspection;

namespace AslRescue.Tools.Output;

/// <summary>Damage as JSON.</summary>
internal static class DamageOutput
{
    internal static void WriteDamages(this Utf8JsonWriter writer, IEnumerable<Damage> damages)
    {
        writer.WriteStartArray("damages");
        foreach (var damage in damages)
        {
            writer.WriteStartObject();
            writer.WriteNumber("offset", damage.Offset);
            writer.WriteNumber("length", damage.Length);
            writer.WriteString("why", damage.Why);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
