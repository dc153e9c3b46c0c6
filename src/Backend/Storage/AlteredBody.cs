namespace AslRescue.Backend.Storage;

/// <summary>
/// A body that is another one when it is read the second time: hashed and signed as it was, and altered on the way, for the probe. All other ways to
/// read a stream that derives from MemoryStream lead through the one below.
/// </summary>
internal sealed class AlteredBody(byte[] signed) : MemoryStream(signed, writable: false)
{
    private long _read;

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = base.Read(buffer, offset, count);
        foreach (ref var value in buffer.AsSpan(offset, read))
        {
            value ^= (byte)(_read++ < Length ? 0 : 1);
        }

        return read;
    }
}
