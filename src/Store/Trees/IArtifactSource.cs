using AslRescue.Shared;
using AslRescue.Shared.Errors;

namespace AslRescue.Store.Trees;

/// <summary>Gives artifacts by key, each checked before its bytes are handed out.</summary>
public interface IArtifactSource
{
    /// <summary>The whole artifact.</summary>
    /// <exception cref="AslException">ArtifactMissing, or the block that holds it is missing or corrupt.</exception>
    byte[] Read(Digest key);

    /// <summary>Fills <paramref name="raw"/> with the artifact; it must have the artifact's length.</summary>
    /// <exception cref="AslException">As above, and when the length is another one. What is in the buffer then is nobody's bytes.</exception>
    void Read(Digest key, Span<byte> raw);
}
