namespace AslRescue.Shared.Configuration.KeyTypes;

/// <summary>A public key that may sign snapshots: the 32 bytes of RFC 8032, section 5.1.5, in base64.</summary>
internal sealed class Ed25519KeyType() : TextType<byte[]>(
    "an Ed25519 public key (32 bytes in base64)", "\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"")
{
    private const int KeyBytes = 32;

    public override string Format(byte[] value) => Convert.ToBase64String(value);

    protected override Reading<byte[]> Parse(RawValue raw)
    {
        var key = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(raw.Text, key, out var length) && length == KeyBytes
            ? Reading<byte[]>.Of(key[..KeyBytes])
            : Bad(raw, $"is not {Name}");
    }
}
