using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Handles;
using AslRescue.Shared.Errors;
using AslRescue.Store.Checking;

namespace AslRescue.LibAsl.Reading;

/// <summary>A check of a snapshot that is under way, or done.</summary>
internal sealed class Verification : Resource
{
    private readonly Lock _lock = new();
    private readonly OpenedSnapshot _snapshot;
    private readonly SnapshotVerifier _verifier;

    /// <param name="snapshot">Held for as long as the check is open.</param>
    /// <param name="flags">What to check.</param>
    /// <exception cref="AslException">ArgumentInvalid: flags that this library does not know.</exception>
    internal Verification(OpenedSnapshot snapshot, VerifyFlags flags)
        : base(HandleKind.Verification)
    {
        if ((flags & ~VerifyFlags.Data) != 0)
        {
            throw LibraryErrors.Argument("flags", "only ASL_VERIFY_DATA is known");
        }

        snapshot.Hold();
        _snapshot = snapshot;
        _verifier = new SnapshotVerifier(snapshot.Backend, snapshot.Name, flags.HasFlag(VerifyFlags.Data));
    }

    /// <summary>Goes a step on; whether more is left.</summary>
    /// <exception cref="AslException">The store is out of reach.</exception>
    internal bool Step(out VerificationInfo info)
    {
        lock (_lock)
        {
            var isLeft = _verifier.Step();
            info = new()
            {
                FindingsKept = (uint)_verifier.Findings.Count,
                Findings = (ulong)_verifier.FindingCount,
                Segments = (ulong)_verifier.Segments,
                SegmentsAll = (ulong)_verifier.SegmentsAll,
                Blocks = (ulong)_verifier.Blocks,
                BlocksAll = (ulong)_verifier.BlocksAll,
                Artifacts = (ulong)_verifier.Artifacts,
                Entries = (ulong)_verifier.Entries,
                DataBytes = (ulong)_verifier.DataBytes,
            };
            return isLeft;
        }
    }

    /// <exception cref="AslException">ArgumentInvalid: it was not kept.</exception>
    internal AslError Finding(uint index)
    {
        lock (_lock)
        {
            return index < _verifier.Findings.Count ? _verifier.Findings[(int)index]
                : throw LibraryErrors.Argument("index", $"{_verifier.Findings.Count} findings were kept, counted from 0");
        }
    }

    protected override void Free()
    {
        _verifier.Dispose();
        _snapshot.Release();
    }
}
