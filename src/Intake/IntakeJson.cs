using System.Text.Json.Serialization;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Control;
using AslRescue.Intake.Steps;

namespace AslRescue.Intake;

/// <summary>The documents that intake writes as evidence and speaks over its socket. Generated: no reflection at run time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ApprovalRequest))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(OperatorAct))]
[JsonSerializable(typeof(AddedSource))]
[JsonSerializable(typeof(AttachedBackend))]
[JsonSerializable(typeof(SealEvidence))]
[JsonSerializable(typeof(GuardReport))]
[JsonSerializable(typeof(CommandRecord))]
[JsonSerializable(typeof(FailureDocument))]
[JsonSerializable(typeof(IntakeStatus))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class IntakeJson : JsonSerializerContext;
