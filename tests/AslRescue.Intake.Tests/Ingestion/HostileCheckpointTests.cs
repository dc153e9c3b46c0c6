using AslRescue.Intake.Imaging;
using AslRescue.Intake.Ingestion;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Tests.Ingestion;

public sealed class HostileCheckpointTests
{
    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("80")]
    [InlineData("8cff")]
    [InlineData("85000000")]
    [InlineData("850000000500")]
    public void A_checkpoint_that_no_ingest_wrote_is_refused_as_a_damaged_log(string hex)
    {
        var content = Convert.FromHexString(hex);
        if (content.Length == 0)
        {
            Assert.Empty(CheckpointPart.ReadAll(content));
            return;
        }

        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => CheckpointPart.ReadAll(content).ToList()).Error.Code);
        Assert.Equal(ErrorCode.LogCorrupt, Assert.Throws<AslException>(() => ImageRecorder.Parse(content)).Error.Code);
    }
}
